/** After a connection broke: nothing more is tried before its server is well again. */
import { pause } from "@nexus/shared/runtime";

/** Milliseconds that a server may need to come back after a crash of one of its processes. */
const RECOVERY_MS = 60_000;

/** Tries what asks for no row, with growing pauses. Where that breaks as well, no row is at fault: throws its error. */
export async function untilWell(
  withoutRows: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + RECOVERY_MS;
  for (let waitMs = 50; ; waitMs *= 2) {
    await pause(waitMs, signal);
    try {
      return void (await withoutRows());
    } catch (error) {
      if (signal.aborted || performance.now() + waitMs * 2 > until) throw error;
    }
  }
}
