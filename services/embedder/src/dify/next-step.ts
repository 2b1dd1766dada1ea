/** What is to be done next about one content: a pure decision from what Dify holds and what it is to hold. */
import type { Dataset } from "./datasets.ts";
import type { Held } from "./documents.ts";
import type { Wanted } from "./wanted.ts";

export interface Situation {
  readonly held: Held;
  readonly wanted: Wanted;
  /** Of the wanted practice; undefined: there is none yet, or nothing is wanted. */
  readonly dataset: Dataset | undefined;
  /** The dataset in which the name was looked up just now, and not found. */
  readonly notIn: string | undefined;
}

/**
 * `settle`: nothing. `look_up`: find by its name what may be there. `make_dataset`, `create`, `update`, `remove`: as they say.
 * `follow`: see how far the indexing is.
 */
export type Step = "settle" | "look_up" | "make_dataset" | "create" | "update" | "remove" | "follow";

export function nextStep(situation: Situation): Step {
  return situation.held.documentId === null ? withoutDocument(situation) : withDocument(situation);
}

function withoutDocument({ held, wanted, dataset, notIn }: Situation): Step {
  if (held.unsureMs !== null) return "look_up";
  if (wanted.kind === "nothing") return "settle";
  if (dataset === undefined) return "make_dataset";
  return dataset.adopted && notIn !== dataset.id ? "look_up" : "create";
}

/** Dify takes no change of a document that it is indexing, but one that must not be there is not left to it for long. */
function withDocument({ held, wanted, dataset }: Situation): Step {
  if (wanted.kind === "nothing") return "remove";
  if (dataset === undefined) return "make_dataset";
  if (held.datasetId !== dataset.id) return "remove";
  if (held.indexingMs !== null) return "follow";
  return held.sha256 === wanted.sha256 ? "settle" : "update";
}
