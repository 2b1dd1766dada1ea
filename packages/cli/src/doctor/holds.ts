import type { Pool } from "@nexus/shared/database";
import { currentHolds, holdInWords } from "@nexus/shared/ledger";
import { type Finding, wrong } from "./finding.ts";

const AREAS = { source: "legacy", target: "target" } as const;

/** What the loaders were refused lately, by a server that may let the doctor in. */
export async function examineHolds(target: Pool): Promise<Finding[]> {
  const holds = await currentHolds(target);
  return holds.map((hold) => {
    const { says, next } = holdInWords(hold);
    return wrong(AREAS[hold.server], `${hold.server}_refuses`, says, next);
  });
}
