/** What every step of the extractor is given. */
import type { Entity } from "@nexus/catalog";
import type { AuthAdmin } from "@nexus/shared/auth";
import type { SourceRules } from "@nexus/shared/config";
import type { Pool } from "@nexus/shared/database";
import type { Transport } from "@nexus/shared/queue";
import type { Log } from "@nexus/shared/telemetry";
import type { GonePolicies } from "./gone/recorded.ts";

export interface Deps {
  /** In dependency order. */
  readonly entities: readonly Entity[];
  readonly legacy: Pool;
  readonly target: Pool;
  readonly transport: Transport;
  readonly log: Log;
  readonly settings: Settings;
  /** Supabase Auth, where ACCOUNTS=on: accounts are verified. */
  readonly admin?: Pick<AuthAdmin, "find" | "list"> | undefined;
  /** Aborts when this process stops: what waits for a server is given up, and begun again by whoever ticks next. */
  readonly signal: AbortSignal;
  /** Told of each entity that was settled, and how many seconds that took. */
  readonly settled: (entity: string, seconds: number) => void;
}

interface Settings {
  readonly batchRows: number;
  readonly highWater: number;
  readonly tickMs: number;
  readonly idleTickMs: number;
  readonly careMs: number;
  readonly legacyStatementMs: number;
  /** What its operator says of the source. */
  readonly sourceRules?: SourceRules;
  /** What loaders do with text that means nothing in its encoding: a proof expects the same. */
  readonly unreadableText?: "reject" | "repair";
  /** Whether runs that begin here are verified once they are completed. */
  readonly verifies?: boolean;
  /** Whether runs that begin here keep what they change, for a rollback. `auto`: those of a source that is not too large. Default: they do not. */
  readonly undo?: "auto" | "on" | "off";
  /** What runs that begin here do about rows that are gone from the source. Default: they report them. */
  readonly gonePolicies?: GonePolicies;
  /** How many milliseconds the source may take to answer while it is followed. Default: it is not looked at. */
  readonly sourceLatencyMs?: number;
  /** Patterns of test accounts, which get no account of Supabase Auth: see `testAccounts`. Default: nobody is one. */
  readonly testAccounts?: string;
  /** Whether this extractor backs entities up before a run first writes to them. */
  readonly takesBackups?: boolean;
  /** Whether runs that begin here keep fingerprints of what they read: a digest of the mapping that runs. Undefined: they do not. */
  readonly fingerprints?: string | undefined;
}
