/** An API in this process, where the boundary between processes is not what is tested: a process takes 0.7 s of a processor to start. */
import { variables } from "@nexus/api/config";
import { start } from "@nexus/api/start";
import { serviceToRun } from "@nexus/local/services";
import { parseConfig, processVariables } from "@nexus/shared/config";
import { closers } from "@nexus/shared/runtime";
import { openLog } from "@nexus/shared/telemetry";
import type { TestContext } from "@nexus/shared/testing";

export interface ApiHere {
  readonly url: string;
  /** Ends it in good order; later calls do nothing. */
  stop(): Promise<void>;
}

/** Starts it as its `main.ts` does, with the same variables, and ends it with the test. */
export async function startApiHere(
  context: Pick<TestContext, "onTestFinished">,
  servers: Parameters<typeof serviceToRun>[1],
  more: Readonly<Record<string, string>> = {},
): Promise<ApiHere> {
  const { env } = serviceToRun("api", servers, { API_PORT: "0", ...more });
  const log = openLog("api");
  log.level = "silent";
  const open = closers();
  const stop = (): Promise<void> => open.closeAll();
  context.onTestFinished(stop);
  const config = parseConfig({ ...processVariables, ...variables }, env);
  const { port } = await start(config, { name: "api", log, closers: open });
  return { url: `http://127.0.0.1:${port}`, stop };
}
