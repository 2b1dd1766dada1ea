/** The stand-in for Bedrock as a process of its own, so that it takes no time from whoever measures. */
import { fileURLToPath } from "node:url";
import type { Bill, ScheduleChange } from "@nexus/local/bedrock";
import { bedrockEnvironment } from "@nexus/local/bedrock";
import { startService } from "@nexus/shared/testing";

const MAIN = fileURLToPath(new URL("../../packages/local/dist/serve-bedrock.js", import.meta.url));

export interface StandIn {
  readonly url: string;
  /** The environment of an embedder that calls it. */
  readonly env: Readonly<Record<string, string>>;
  /** What it would charge so far. */
  bill(): Promise<Bill>;
  /** Changes limits, latency and faults from the next call on. */
  change(change: ScheduleChange): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on loopback. */
export async function startStandIn(schedule: ScheduleChange = {}): Promise<StandIn> {
  const args = ["--schedule", JSON.stringify(schedule)];
  const service = await startService({ name: "bedrock", main: MAIN, env: {}, args });
  const url = String((await service.waitForLine({ msg: "ready" }))["url"]);
  return {
    url,
    env: { ...bedrockEnvironment(url), EMBEDDING_PROVIDER: "bedrock" },
    bill: async (): Promise<Bill> => JSON.parse(await (await fetch(`${url}/bill`)).text()),
    change: async (next) => {
      const answer = await fetch(`${url}/schedule`, { method: "POST", body: JSON.stringify(next) });
      if (!answer.ok) throw new Error(`the stand-in refuses its schedule: ${await answer.text()}`);
    },
    stop: async () => void (await service.kill("SIGTERM")),
  };
}
