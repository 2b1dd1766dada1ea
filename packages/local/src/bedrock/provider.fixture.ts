/** A stand-in and a Bedrock provider that talks to it through the SDK's own variables. */
import { openProvider, type Provider } from "@nexus/shared/embedding";
import { onTestFinished, vi } from "vitest";
import { bedrockEnvironment } from "./environment.ts";
import { type BedrockOptions, type BedrockServer, startBedrock } from "./server.ts";

/** A signal that does not fire. */
export const never: AbortSignal = new AbortController().signal;

interface Tuning {
  readonly concurrency?: number;
  readonly timeoutMs?: number;
}

/** Both are closed, and the environment is as before, when the test has finished. */
export async function bedrockUnderTest(
  options: BedrockOptions = {},
  { concurrency = 8, timeoutMs = 30_000 }: Tuning = {},
): Promise<{ server: BedrockServer; provider: Provider }> {
  const server = await startBedrock(options);
  vi.stubEnv("AWS_BEARER_TOKEN_BEDROCK", undefined);
  vi.stubEnv("AWS_PROFILE", undefined);
  for (const [name, value] of Object.entries(bedrockEnvironment(server.url)))
    vi.stubEnv(name, value);
  const provider = await openProvider({ provider: "bedrock", concurrency, timeoutMs });
  onTestFinished(async () => {
    await provider.close();
    await server.close();
    vi.unstubAllEnvs();
  });
  return { server, provider };
}
