import {
  CONNECTIONS,
  choice,
  number,
  optionalNumber,
  queueVariables,
  targetVariables,
  type Variable,
  workerVariables,
} from "@nexus/shared/config";
import { PROVIDERS } from "@nexus/shared/embedding";
import { statusVariables } from "@nexus/shared/runtime";
import { z } from "zod";

/** The environment of the embedder. The AWS SDK reads its own variables, and only when it is opened: with `EMBEDDING_PROVIDER=bedrock`. */
export const variables = {
  ...statusVariables,
  ...targetVariables({ connections: CONNECTIONS.target.embedder, least: 2 }),
  ...queueVariables,
  ...workerVariables({ job: "page", drainMs: 10_000 }),
  EMBEDDINGS: choice(["on", "off"], {
    meaning: "off: this process opens nothing and does nothing",
    fallback: "on",
  }),
  DIFY: choice(["on", "off"], {
    meaning:
      "on: this process fills Dify's knowledge bases; its variables are those of dify/config.ts",
    fallback: "off",
  }),
  EMBEDDING_PROVIDER: choice(PROVIDERS, {
    meaning:
      "bedrock (Amazon Titan Text Embeddings V2), or local: compares words, knows no meaning",
    fallback: "bedrock",
    danger:
      "vectors of two providers cannot be compared: after a change all content must be embedded again",
  }),
  EMBEDDING_REQUESTS_PER_MINUTE: optionalNumber(1, 100_000_000, {
    meaning: "the quota of requests of the account, shared by all embedders; absent: not limited",
    danger: "if it is more than the account has, Bedrock answers 429",
  }),
  EMBEDDING_TOKENS_PER_MINUTE: optionalNumber(1, 100_000_000, {
    meaning: "the quota of tokens of the account, shared by all embedders; absent: not limited",
  }),
  EMBEDDING_USD_PER_1K_TOKENS: dollars({
    meaning: "the price of a thousand tokens; absent: 0.00002, or 0 for local",
  }),
  EMBEDDING_CAP_USD: dollars({
    meaning:
      "what may be spent on embeddings from one run with embeddings that somebody starts to the next; deltas of a source that is followed or of a cut-over, and repairs, add to the same bill; absent: no cap",
    danger: "embedding pauses when it is spent; the load goes on",
  }),
  EMBEDDER_CALLS: number(1, 256, {
    meaning: "calls of this process at the same time",
    fallback: "16",
    danger: "a process is busy with about 300 calls a second: add processes, not calls",
  }),
  EMBEDDER_PAGES: number(1, 64, {
    meaning: "pages of up to 50 items that this process works on at the same time",
    fallback: "4",
  }),
  CALL_TIMEOUT_MS: number(100, 120_000, {
    meaning:
      "milliseconds that a page waits for a call; an answer that comes within three times as long is still kept",
    fallback: "20000",
  }),
  TEXT_CLAIM_MS: number(1_000, 600_000, {
    meaning:
      "milliseconds for which a process claims a text; the claim is renewed while the process lives",
    fallback: "60000",
    danger: "the texts that a killed process had claimed wait this long",
  }),
  HIGH_WATER: number(1, 100_000, { meaning: "pages in the queue, at most", fallback: "400" }),
  TICK_MS: number(10, 60_000, {
    meaning: "milliseconds between two checks for content events",
    fallback: "500",
  }),
  CARE_MS: number(100, 60_000, {
    meaning: "milliseconds between two checks for lost jobs and for an index to build",
    fallback: "2000",
  }),
  INDEX_MEMORY_MB: number(16, 65_536, {
    meaning:
      "memory of the target's server for building one of sixteen indexes, on a connection beyond TARGET_POOL: 10,000 vectors need about 26 MB",
    fallback: "256",
    danger:
      "with less than the vectors need, the build is several times slower; with more than the server has, it runs out of memory",
  }),
};

function dollars(
  words: Pick<Variable<unknown>, "meaning" | "danger">,
): Variable<number | undefined> {
  const schema = z
    .string()
    .regex(/^\d+(\.\d+)?$/, "must be an amount in dollars, like 0.00002 or 25")
    .transform(Number)
    .optional();
  return { schema, ...words };
}
