import type { Report, RunView } from "@nexus/contract";

/** What the sentences of a report are told from. */
export type Facts = Omit<Report, "summary" | "nextSteps"> & { readonly view: RunView };
