/** What is to be done next about one content: a pure decision from what Dify holds and what it is to hold. */
import type { Dataset } from "./datasets.ts";
import type { Actual } from "./documents.ts";
import type { Desired } from "./desired.ts";

export interface Situation {
  readonly actual: Actual;
  readonly desired: Desired;
  /** Of the desired practice; undefined: there is none yet, or nothing is desired. */
  readonly dataset: Dataset | undefined;
  /** The dataset in which the name was looked up just now, and not found. */
  readonly notIn: string | undefined;
}

/**
 * `finish`: nothing. `look_up`: find by its name what may be there. `make_dataset`, `create`, `update`, `remove`: as they say.
 * `follow`: see how far the indexing is.
 */
export type Action =
  | "finish"
  | "look_up"
  | "make_dataset"
  | "create"
  | "update"
  | "remove"
  | "follow";

export function nextAction(situation: Situation): Action {
  return situation.actual.documentId === null
    ? withoutDocument(situation)
    : withDocument(situation);
}

function withoutDocument({ actual, desired, dataset, notIn }: Situation): Action {
  if (actual.unsureMs !== null) return "look_up";
  if (desired.kind === "nothing") return "finish";
  if (dataset === undefined) return "make_dataset";
  return dataset.adopted && notIn !== dataset.id ? "look_up" : "create";
}

/** Dify takes no change of a document that it is indexing, but one that must not be there is not left to it for long. */
function withDocument({ actual, desired, dataset }: Situation): Action {
  if (desired.kind === "nothing") return "remove";
  if (dataset === undefined) return "make_dataset";
  if (actual.datasetId !== dataset.id) return "remove";
  if (actual.indexingMs !== null) return "follow";
  return actual.sha256 === desired.sha256 ? "finish" : "update";
}
