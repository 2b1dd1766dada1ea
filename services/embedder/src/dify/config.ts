import { choice, number, optionalNumber, text, type Variable } from "@nexus/shared/config";
import { z } from "zod";

/** The environment of the Dify consumer: read only where DIFY=on. */
export const difyVariables = {
  DIFY_URL: baseUrl({
    meaning:
      "the base URL of Dify's API with its version: https://api.dify.ai/v1, or your own server's",
  }),
  DIFY_API_KEY: text({
    meaning: "a knowledge base API key of the Dify workspace to fill",
    danger: "it reaches every knowledge base that its owner sees: give us a workspace of our own",
    secret: true,
  }),
  DIFY_ROUTES: choice(["hyphens", "underscores"], {
    meaning: "how Dify spells create-by-text: with underscores before release 1.13 or so",
    fallback: "hyphens",
  }),
  DIFY_INDEXING: choice(["high_quality", "economy"], {
    meaning: "how Dify indexes: with the workspace's embedding model, or by keywords",
    fallback: "high_quality",
    danger: "high_quality embeds everything once more, at the cost of that model",
  }),
  DIFY_REQUESTS_PER_MINUTE: optionalNumber(1, 100_000_000, {
    meaning:
      "creations, updates and deletions per minute of all embedders together; absent: not limited",
    danger: "Dify's cloud allows 10, 100 or 1000 by plan, and counts the queries of its apps, too",
  }),
  DIFY_CALLS: number(1, 64, {
    meaning: "calls of this process to Dify at the same time",
    fallback: "4",
  }),
  DIFY_TIMEOUT_MS: number(100, 20_000, {
    meaning: "milliseconds after which a call to Dify is given up",
    fallback: "15000",
    danger: "must stay under SHUTDOWN_GRACE_MS: calls under way are finished",
  }),
  DIFY_SETTLE_MS: number(100, 3_600_000, {
    meaning: "milliseconds after which a creation without an answer is looked up",
    fallback: "60000",
    danger:
      "when Dify takes longer to finish it than this, there are two documents until the indexing of one has ended",
  }),
  DIFY_RATE_PAUSE_MS: number(100, 3_600_000, {
    meaning: "milliseconds for which all embedders stay away after Dify's rate limit was met",
    fallback: "60000",
  }),
  DIFY_POLL_MS: number(10, 60_000, {
    meaning:
      "milliseconds between two looks at an indexing, at first; longer ones later, up to a minute",
    fallback: "2000",
  }),
  DIFY_RETRY_MS: number(10, 60_000, {
    meaning: "milliseconds before a failed call is tried again; doubled each time",
    fallback: "2000",
  }),
  DIFY_TICK_MS: number(10, 60_000, {
    meaning: "milliseconds between two looks for something to do",
    fallback: "1000",
  }),
};

function baseUrl(words: Pick<Variable<unknown>, "meaning" | "danger">): Variable<string> {
  const schema = z
    .string()
    .refine(
      (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
      "must look like https://dify.example/v1",
    )
    .transform((value) => value.replace(/\/+$/, ""));
  return { schema, ...words };
}
