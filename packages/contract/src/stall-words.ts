/** A run that stands still, in the words of API, command line and doctor. */
import type { Carrier, Heard, Ready, ReadyWork, Stall } from "@nexus/shared/ledger";
import { batchCodeInWords } from "./batch-codes.ts";

/** What is ready, for how long nothing has moved, the last errors, and who is there. */
export function stallInWords({ seconds, work, heard }: Stall): string {
  const what = work.map(workInWords).join("; ");
  return `nothing has moved for ${seconds} s, and work is ready: ${what}; ${heardInWords(heard)}`;
}

const READY: Readonly<Record<Ready, (work: ReadyWork) => string>> = {
  begin: () => "the run is to be begun",
  plan: ({ entity }) => `${entity} is to be planned`,
  back_up: ({ entity }) => `${entity} is to be backed up, by an extractor with BACKUP=pg_dump`,
  open: ({ entity }) => `${entity} is to be opened`,
  offer: ({ entity, batches }) => `${entity} has ${batches} batches that are not on offer`,
  load: ({ entity, batches }) =>
    `${entity} has ${batches} batches on offer to the loaders or in their hands`,
  settle: ({ entity }) => `${entity} is to be settled`,
  complete: () => "all is settled, and the run is to be completed",
};

function workInWords(work: ReadyWork): string {
  const { errorCode } = work;
  const error =
    errorCode === null ? "" : ` (last error ${errorCode}: ${batchCodeInWords(errorCode)})`;
  return READY[work.ready](work) + error;
}

function heardInWords(heard: Readonly<Record<Carrier, Heard>>): string {
  const carriers = (["extractor", "loader"] as const).map((carrier) => {
    const { alive, seconds } = heard[carrier];
    if (alive > 0) return `${carrier}s there: ${alive}`;
    return seconds === null
      ? `no ${carrier} was ever there`
      : `no ${carrier} was heard of for ${seconds} s`;
  });
  return carriers.join(", ");
}
