/** Giving up a forecast or a verification that takes too long, or that no extractor does. */
import { openApi } from "../api.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing, remark } from "../output.ts";

interface Given extends Printing {
  readonly reason?: string;
}

/** Gives up the one that is open: there is never another. Exit code 4 where none is. */
export async function giveUpProof(kind: "forecast" | "verification", given: Given): Promise<void> {
  const api = openApi();
  const query = { limit: 1 };
  const { items } =
    kind === "forecast"
      ? await api.call("GET /v1/forecasts", { query })
      : await api.call("GET /v1/verifications", { query });
  const [newest] = items;
  if (newest?.status !== "open") {
    remark(`no ${kind} is open: there is nothing to cancel`);
    process.exitCode = EXIT_CODES.refused.code;
    return;
  }
  const one = { params: { id: String(newest.id) }, body: { reason: given.reason } };
  const cancelled =
    kind === "forecast"
      ? await api.call("POST /v1/forecasts/:id/cancel", one)
      : await api.call("POST /v1/verifications/:id/cancel", one);
  const says = `${kind} ${newest.id} is cancelled; an extractor that was at it ends within seconds`;
  print(cancelled, [says], given);
}
