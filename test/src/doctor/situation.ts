/** A broken situation, and what the doctor must say of it. */
import type { TestContext } from "@nexus/shared/testing";
import { found, type Ward } from "./ward.ts";

export interface Situation {
  readonly name: string;
  /** Breaks something. What it returns replaces variables of the doctor's environment. */
  readonly prepare: (
    ward: Ward,
    context: TestContext,
  ) => Promise<Readonly<Record<string, string>> | void>;
  /** The codes of all that is wrong. */
  readonly wrong: readonly string[];
  /** The sentence that names the cause, and what to do next. */
  readonly says: RegExp;
  readonly next: RegExp;
}

/** Waits until a batch is on offer. */
export async function onOffer({ target }: Ward): Promise<void> {
  await found(target, "select from migration.batches where status = 'queued'");
}
