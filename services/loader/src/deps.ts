/** What every step of the loader is given. */
import type { Turn } from "@nexus/shared/runtime";
import type { Pool } from "@nexus/shared/database";
import type { Log } from "@nexus/shared/telemetry";
import type { Patience } from "./patience.ts";
import type { RunContext } from "./run-context.ts";
import type { SourceEncoding } from "./source.ts";

export interface Deps {
  readonly legacy: Pool;
  readonly target: Pool;
  readonly runContext: (runId: number) => Promise<RunContext>;
  readonly legacyStatementMs: number;
  readonly targetStatementMs: number;
  /** Milliseconds after which the target ends a transaction that it hears nothing from. */
  readonly targetIdleMs: number;
  /** Bytes of one legacy row, at most. */
  readonly rowBytes: number;
  readonly encoding: SourceEncoding;
  /** Runs what needs much memory, one at a time. */
  readonly largeTurn: Turn;
  /** What this process does while a server refuses. */
  readonly patience: Patience;
  readonly log: Log;
}
