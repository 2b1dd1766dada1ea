/** Why a control operation was not done. Refusals are data: nothing was changed. */
import type { Strangers } from "@nexus/shared/ledger";
import type { EntityStatus, RunStatus } from "@nexus/shared/states";

export type Refusal =
  | {
      readonly kind: "unknown_entity";
      readonly unknown: readonly string[];
      readonly known: readonly string[];
    }
  | { readonly kind: "nothing_selected" }
  | { readonly kind: "run_active"; readonly runId: number }
  | { readonly kind: "adoption_open"; readonly adoptionId: number }
  | { readonly kind: "proof_open"; readonly proofId: number }
  | { readonly kind: "adoption_over"; readonly adoptionId: number; readonly status: string }
  | { readonly kind: "rollback_open"; readonly rollbackId: number }
  | { readonly kind: "rollback_over"; readonly rollbackId: number; readonly status: string }
  | {
      readonly kind: "no_such_work";
      readonly noun: "adoption" | "rollback";
      readonly id: number;
    }
  | { readonly kind: "undo_not_kept"; readonly runId: number; readonly undo: "off" | "purged" }
  | { readonly kind: "newer_run"; readonly runId: number; readonly newer: number }
  | { readonly kind: "nothing_to_undo" }
  | { readonly kind: "strangers"; readonly strangers: readonly Strangers[] }
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

/** The refusal of names that are not in the catalog, if there are any. */
export function unknownAmong(
  names: readonly string[],
  known: readonly string[],
): Refusal | undefined {
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.length === 0 ? undefined : { kind: "unknown_entity", unknown, known };
}
