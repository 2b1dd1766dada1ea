/** Which runs keep what they change, and for how long. See docs/decisions/undo.md. */
import type { Entity } from "@nexus/catalog";
import { estimatedRows, type Pool, readOnly } from "@nexus/shared/database";
import { forgetUndo } from "@nexus/shared/ledger";
import { startTicker, type Ticker } from "@nexus/shared/runtime";
import type { Log } from "@nexus/shared/telemetry";
import type { Deps } from "./deps.ts";

/** Rows to read, at most, of a run that keeps what it changes without being told to: 80 MB of ids, and the changed rows. */
const UNDO_ROWS = 5_000_000;

/** Whether a run over these entities keeps what it changes. A source that was never analysed counts as small. */
export async function keepsWhatItChanges(
  { legacy, settings, signal }: Deps,
  selected: readonly Entity[],
): Promise<boolean> {
  const { undo = "off", legacyStatementMs: statementMs } = settings;
  if (undo !== "auto") return undo === "on";
  const tables = selected.map(({ source }) => source.table);
  const bounds = { statementMs, signal };
  return (await readOnly(legacy, (tx) => estimatedRows(tx, tables), bounds)) <= UNDO_ROWS;
}

const HOUR_MS = 3_600_000;
/** Milliseconds between two statements, while there is more to remove. */
const NEXT_MS = 1_000;

/** What was kept for so many days is removed: looked for at once, and then each hour. */
export function purgeUndo(target: Pool, days: number, log: Pick<Log, "info" | "warn">): Ticker {
  return startTicker({
    runOnce: async () => {
      const { forgotten, more } = await forgetUndo(target, days);
      if (forgotten > 0) log.info({ forgotten, days }, "what runs had kept for undo was removed");
      return more ? NEXT_MS : HOUR_MS;
    },
    onError: (error) =>
      log.warn({ err: error }, "what runs had kept for undo could not be removed, trying again"),
    retryMs: HOUR_MS,
  });
}
