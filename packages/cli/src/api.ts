/** The API that the commands speak to: where it is, and with which token. */
import { ApiUnreachable, type Client, type ClientOptions, openClient } from "@nexus/contract";
import { optionalText, parseConfig, type Variable } from "@nexus/shared/config";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { remark } from "./output.ts";

const address: Variable<string> = {
  schema: z
    .string()
    .refine((value) => /^https?:$/.test(protocolOf(value)), "must look like http://127.0.0.1:8080")
    .refine(
      isAddressAlone,
      "must be the address alone, like https://host:8080, without a path or a login",
    ),
  meaning: "the address of the API",
  fallback: "http://127.0.0.1:8080",
  danger: "beyond this machine only https:// keeps the token to yourself",
};

/** What every command that calls the API reads. */
export const apiVariables = {
  NEXUS_API_URL: address,
  NEXUS_TOKEN: optionalText({
    meaning: "the token that you use the API with; not needed while the API has no tokens",
    danger:
      "a secret: it is never taken from the command line, which others on this machine can read",
    secret: true,
  }),
};

/** Where the API is, from the environment. Throws `ConfigurationError`. */
export function apiOptions(): ClientOptions {
  const { NEXUS_API_URL, NEXUS_TOKEN } = parseConfig(apiVariables, process.env);
  return { url: NEXUS_API_URL, token: NEXUS_TOKEN };
}

/** The API from the environment. Nothing connects before the first call. */
export function openApi(): Client {
  return openClient(apiOptions());
}

/** The number of the newest run, which is the active one if any is. */
export async function newestRun(api: Client): Promise<number | undefined> {
  const { items } = await api.call("GET /v1/runs", { query: { limit: 1 } });
  return items[0]?.id;
}

/**
 * Waits until an API answers that was started a moment ago.
 *
 * @param patience milliseconds
 * @throws ApiUnreachable when none has answered by then
 */
export async function untilApiAnswers(api: Client, patience = 60_000): Promise<void> {
  const deadline = performance.now() + patience;
  for (let tries = 0; ; tries++) {
    try {
      await newestRun(api);
      return;
    } catch (error) {
      if (!(error instanceof ApiUnreachable) || performance.now() > deadline) throw error;
      if (tries === 0) remark(`no API answers yet: waiting for it, ${patience / 1_000} s at most`);
      await pause(250);
    }
  }
}

/** Routes begin at the root, and the token is the login. True for what is no URL: that is told otherwise. */
function isAddressAlone(value: string): boolean {
  if (!URL.canParse(value)) return true;
  const { origin, href } = new URL(value);
  return href === `${origin}/`;
}

function protocolOf(value: string): string {
  return URL.canParse(value) ? new URL(value).protocol : "";
}
