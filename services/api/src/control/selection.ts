/** What is tried again, and what came of that. */
/** `failed`: batches that failed for good. `rejected`, `parked`: rows with such an open exception. `all`: every row. */
export type Scope = "failed" | "rejected" | "parked" | "all";

/** Which rows. `because`: only those whose open exception has this reason; with `rejected` and `parked`. */
export interface Selected {
  readonly scope: Scope;
  readonly because?: string | undefined;
}

export type Requeued =
  | { readonly kind: "requeued"; readonly runId: number; readonly batches: number }
  /** A run was created for it. `all` has no batches yet: they are planned as in any run. */
  | { readonly kind: "repair_started"; readonly runId: number; readonly batches: number }
  | { readonly kind: "nothing_to_requeue" };
