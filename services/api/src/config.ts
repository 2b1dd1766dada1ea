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
  API_PORT: number(0, 65_535, {
    meaning: "the port to listen on; 0 takes a free one",
    fallback: "8080",
  }),
  API_TOKENS: tokensVariable,
  API_REQUESTS_PER_MINUTE: number(1, 1_000_000, {
    meaning: "requests that each token may make in a minute; each process counts for itself",
    fallback: "1200",
  }),
  TRUST_PROXY: networks({
    meaning:
      "the proxies in front of the API, whose X-Forwarded-For is believed: addresses or networks with commas between them (10.0.0.0/8), or loopback; with none, all who come through one ingress without a token share one rate",
    fallback: " ",
    danger: "if others can reach the API from a network that is listed, they can claim any address",
  }),
  AUDIT_RETENTION_DAYS: number(30, 36_500, {
    meaning:
      "days for which the audit log is kept (changes, and who read clinical text); the default is the six years that HIPAA asks for",
    fallback: "2192",
    danger: "older entries are removed for good within the hour",
  }),
  CODES_FILE: optionalText({
    meaning: "a JSON file with overrides of the legacy codes; kept with each run that is started",
  }),
  LOSS_PERCENT: number(0, 100, {
    meaning:
      "percent of its rows that an entity may lose for reasons that nobody foresaw before it stops, but at least ten rows; kept with each run that is started",
    fallback: "1",
    danger:
      "with 100 an entity never stops: a wrong assumption about the source is found only when all is loaded",
  }),
  EMBEDDINGS: choice(["on", "off"], {
    meaning:
      "off: runs are not embedded unless they are told to, and there is no search; set it as for the embedder; what `nexus requeue` starts is embedded if the run before it was",
    fallback: "on",
  }),
  DIFY: choice(["on", "off"], {
    meaning:
      "on: runs send changed content to Dify unless they are told not to; set it as for the embedder",
    fallback: "off",
  }),
  ACCOUNTS: choice(["on", "off"], {
    meaning:
      "on: runs give users accounts of Supabase Auth unless they are told not to; set it as for the loader",
    fallback: "off",
  }),
  DIFY_RETRIEVAL_KEY: retrievalKey({
    meaning:
      "the key with which Dify searches here, as an external knowledge base; absent: Dify cannot search",
    danger:
      "whoever has it reads the content of every practice: make one with `openssl rand -hex 32`",
  }),
  EMBEDDING_PROVIDER: optionalChoice(PROVIDERS, {
    meaning: "bedrock or local: what makes vectors; without it there is no search",
    danger: "must be the same as for the embedder: vectors of different models cannot be compared",
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
      z.array(
        z.string().refine(isNetwork, "must be addresses or networks, like 10.0.0.0/8, or loopback"),
      ),
    );
  return { schema, ...words };
}

function isNetwork(given: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(given)) return true;
  const [address = "", bits, ...more] = given.split("/");
  const most = [0, 0, 0, 0, 32, 0, 128][isIP(address)] ?? 0;
  return (
    most > 0 &&
    more.length === 0 &&
    (bits === undefined || (/^[1-9]\d*$/.test(bits) && Number(bits) <= most))
  );
}

function retrievalKey(
  words: Pick<Variable<unknown>, "meaning" | "danger">,
): Variable<string | undefined> {
  const schema = z
    .string()
    .regex(/^[\x21-\x7e]{32,256}$/, "must have 32 to 256 characters, without spaces")
    .optional();
  return { schema, ...words, secret: true };
}
