/** A cut-over of practices alone, of which one step is written down. */
import type { CutoverStepName } from "@nexus/shared/states";
import type { Cutover, CutoverStep } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import type { Walk } from "./step.ts";

/** `facts`: JSON. */
export function walkOfPractices(deps: Deps, step: CutoverStepName, facts: string): Walk {
  const order = { embeddings: false, codes: "{}" };
  const cutover: Cutover = {
    id: 1,
    kind: "go",
    asked: { order, quietSeconds: 1, withoutBackup: false, sourceFrozen: false },
    actor: "sam",
    reason: null,
  };
  const one: CutoverStep = { step, status: "met", code: null, facts, looks: 1 };
  const practices = deps.entities.filter(({ name }) => name === "practices");
  return { deps: { ...deps, entities: practices }, cutover, steps: new Map([[step, one]]) };
}
