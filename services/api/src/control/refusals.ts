/** Why a control operation was not done. Refusals are data: nothing was changed. */
import type { StartRefusal } from "@nexus/shared/ledger";
import type { EntityStatus, RunStatus } from "@nexus/shared/states";

/** What can be given up. */
export type Noun = "adoption" | "rollback" | "cutover" | "forecast" | "verification";

export type Refusal =
  | StartRefusal
  | { readonly kind: "proof_open"; readonly proofId: number }
  | { readonly kind: "proof_over"; readonly proofId: number; readonly status: string }
  | { readonly kind: "adoption_over"; readonly adoptionId: number; readonly status: string }
  | { readonly kind: "rollback_over"; readonly rollbackId: number; readonly status: string }
  | {
      readonly kind: "no_such_work";
      readonly noun: Noun;
      readonly id: number;
    }
  | { readonly kind: "cutover_over"; readonly cutoverId: number; readonly status: string }
  | { readonly kind: "not_cut_over" }
  | { readonly kind: "sync_on"; readonly syncId: number }
  | { readonly kind: "sync_off" }
  | { readonly kind: "undo_not_kept"; readonly runId: number; readonly undo: "off" | "purged" }
  | { readonly kind: "newer_run"; readonly runId: number; readonly newer: number }
  | {
      readonly kind: "children_remain";
      readonly runId: number;
      readonly children: readonly string[];
    }
  | { readonly kind: "backup_failed"; readonly runId: number; readonly entity: string }
  | { readonly kind: "nothing_to_undo" }
  | { readonly kind: "no_such_run"; readonly runId: number }
  | { readonly kind: "no_active_run" }
  | {
      readonly kind: "wrong_status";
      readonly runId: number;
      readonly runStatus: RunStatus;
      readonly possibleIn: readonly RunStatus[];
    }
  | {
      readonly kind: "not_in_run";
      readonly runId: number;
      readonly entity: string;
      readonly entityStatus: "skipped" | "cancelled" | null;
    }
  | {
      readonly kind: "not_blocked";
      readonly runId: number;
      readonly entity: string;
      readonly entityStatus: EntityStatus;
    };
