import { isIP } from "node:net";
import {
  CONNECTIONS,
  choice,
  number,
  optionalChoice,
  optionalText,
  queueVariables,
  targetVariables,
  text,
  type Variable,
} from "@nexus/shared/config";
import { PROVIDERS } from "@nexus/shared/embedding";
import { statusVariables } from "@nexus/shared/runtime";
import { tokensVariable } from "./access/tokens.ts";
import { z } from "zod";

/** The environment of the API. */
export const variables = {
  ...statusVariables,
  ...targetVariables({ connections: CONNECTIONS.target.api }),
  ...queueVariables,
  API_HOST: text({
    meaning: "the address to listen on",
    fallback: "127.0.0.1",
    danger: "anything but loopback needs API_TOKENS",
  }),
  API_PORT: number(0, 65_535, { meaning: "the port to listen on; 0 takes a free one", fallback: "8080" }),
  API_TOKENS: tokensVariable,
  API_REQUESTS_PER_MINUTE: number(1, 1_000_000, {
    meaning: "requests that each token may make in a minute, of each process for itself",
    fallback: "1200",
  }),
  TRUST_PROXY: networks({
    meaning:
      "the proxies in front of the API, whose X-Forwarded-For is believed: addresses or networks with commas between them (10.0.0.0/8), or loopback; with none, all who come through one ingress without a token share one rate",
    fallback: " ",
    danger: "a network from which others can reach the API: they may call themselves anybody",
  }),
  AUDIT_RETENTION_DAYS: number(30, 36_500, {
    meaning:
      "days that the audit log is kept: changes, and who read clinical text; six years, as HIPAA asks for",
    fallback: "2192",
    danger: "what is older is removed for good, within the hour",
  }),
  CODES_FILE: optionalText({
    meaning: "a JSON file with overrides of the legacy codes; kept with each run that is started",
  }),
  LOSS_PERCENT: number(0, 100, {
    meaning:
      "percent of its rows, ten at least, that an entity may lose for reasons that nobody foresaw before it stops; kept with each run that is started",
    fallback: "1",
    danger: "100: never; whatever is assumed wrongly of the source is found when all is loaded",
  }),
  EMBEDDINGS: choice(["on", "off"], {
    meaning:
      "off: runs offer nothing to the embedder unless they are told to, and there is no search; the same as the embedder's",
    fallback: "on",
  }),
  DIFY: choice(["on", "off"], {
    meaning: "on: runs offer changed content to Dify unless they are told not to; the same as the embedder's",
    fallback: "off",
  }),
  DIFY_RETRIEVAL_KEY: retrievalKey({
    meaning: "the key with which Dify searches through us, as an external knowledge base; absent: it cannot",
    danger: "whoever has it reads the content of every practice: make one with `openssl rand -hex 32`",
  }),
  EMBEDDING_PROVIDER: optionalChoice(PROVIDERS, {
    meaning: "bedrock or local: what makes vectors; without it there is no search",
    danger: "must be the embedder's: vectors of different models cannot be compared",
  }),
};

/** Never everybody: whoever is believed chooses the address that is counted. */
function networks(
  words: Pick<Variable<unknown>, "meaning" | "fallback" | "danger">,
): Variable<readonly string[]> {
  const schema = z
    .string()
    .transform((given) => given.split(/[\s,]+/).filter(Boolean))
    .pipe(
      z.array(z.string().refine(isNetwork, "must be addresses or networks, like 10.0.0.0/8, or loopback")),
    );
  return { schema, ...words };
}

function isNetwork(given: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(given)) return true;
  const [address = "", bits, ...more] = given.split("/");
  const most = [0, 0, 0, 0, 32, 0, 128][isIP(address)] ?? 0;
  return (
    most > 0 && more.length === 0 && (bits === undefined || (/^[1-9]\d*$/.test(bits) && Number(bits) <= most))
  );
}

function retrievalKey(words: Pick<Variable<unknown>, "meaning" | "danger">): Variable<string | undefined> {
  const schema = z
    .string()
    .regex(/^[\x21-\x7e]{32,256}$/, "must have 32 to 256 characters, without spaces")
    .optional();
  return { schema, ...words, secret: true };
}
