/**
 * Amazon Titan Text Embeddings V2 on Amazon Bedrock. This file loads the AWS SDK: import it only through `openProvider`.
 *
 * The SDK's own variables and files decide about region, endpoint and credentials. `AWS_BEARER_TOKEN_BEDROCK`, if set, wins over
 * every other credential; `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` wins over `AWS_ENDPOINT_URL`; `AWS_PROFILE` hides keys in variables.
 */
import { BedrockRuntimeClient, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { ConfigurationError } from "../config/index.ts";
import { classifyBedrockError } from "./bedrock-failures.ts";
import { readEmbedding } from "./bedrock-response.ts";
import { withDeadline } from "./deadline.ts";
import { DIMENSIONS, type Embedding, type Provider } from "./provider.ts";
import { estimateTokens, refuseUnembeddable } from "./text-limits.ts";

const MODEL = "amazon.titan-embed-text-v2:0";
/** On demand. Some tables of others say ten times as much. */
const USD_PER_1K_TOKENS = 0.00002;
const CONNECT_MS = 5_000;

export interface BedrockSettings {
  readonly concurrency: number;
  readonly timeoutMs: number;
}

/** Opens a client; sockets are opened by the calls. Throws ConfigurationError if there is no region, or an empty bearer token. */
export async function openBedrock({ concurrency, timeoutMs }: BedrockSettings): Promise<Provider> {
  const client = newClient(concurrency);
  await requireSettings(client);
  return {
    model: MODEL,
    dimensions: DIMENSIONS,
    usdPer1kTokens: USD_PER_1K_TOKENS,
    estimateTokens,
    embed: async (text, signal) => {
      refuseUnembeddable(text);
      return await withDeadline(signal, timeoutMs, (deadline) => invoke(client, text, deadline));
    },
    close: () => Promise.resolve(client.destroy()),
  };
}

/**
 * The SDK's default handler speaks HTTP/2 and opens one connection per call (200 calls, 200 TLS handshakes; this one: 1), and its
 * own three attempts would multiply with ours and hide throttling from the budget.
 */
function newClient(concurrency: number): BedrockRuntimeClient {
  const agent = { keepAlive: true, maxSockets: concurrency };
  return new BedrockRuntimeClient({
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: CONNECT_MS,
      // None but ours, which knows whether this process stood still meanwhile: an answer that came then was paid.
      socketTimeout: 0,
      requestTimeout: 0,
    }),
  });
}

/** What would fail at every call, and be mistaken for an outage. */
async function requireSettings(client: BedrockRuntimeClient): Promise<void> {
  if (process.env["AWS_BEARER_TOKEN_BEDROCK"] === "")
    throw new ConfigurationError(
      "AWS_BEARER_TOKEN_BEDROCK is empty, and wins over other credentials all the same: unset it",
    );
  await client.config.region().catch(() => {
    throw new ConfigurationError(
      "AWS_REGION is missing: the region whose Bedrock embeds the texts",
    );
  });
}

async function invoke(
  client: BedrockRuntimeClient,
  text: string,
  signal: AbortSignal,
): Promise<Embedding> {
  const command = new InvokeModelCommand({
    modelId: MODEL,
    contentType: "application/json",
    accept: "application/json",
    body: JSON.stringify({ inputText: text, dimensions: DIMENSIONS, normalize: true }),
  });
  const response = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    throw classifyBedrockError(error);
  });
  return readEmbedding(response.body);
}
