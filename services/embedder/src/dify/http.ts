/** One call of Dify's HTTP API: what it answers, or a `DifyFailure`. */
import { errorCode } from "@nexus/shared/database";
import { z } from "zod";
import { DifyFailure, type FailureKind, failureOf } from "./failures.ts";

export interface HttpSettings {
  /** With its version, without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  /** Called when Dify was well enough to answer, even if with a refusal of this call. */
  readonly onAnswer: () => void;
}

export interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

/** Calls Dify. A success that cannot be read as `answer` is a failure, too: of kind `retry`, since what was asked may have been done. */
export async function call<T>(
  { url, apiKey, timeoutMs, onAnswer }: HttpSettings,
  { method, path, body }: Request,
  answer: z.ZodType<T>,
): Promise<T> {
  const init = {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body && { "content-type": "application/json" }),
    },
    // A redirect would turn a POST into a GET, and take the key elsewhere.
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
    ...(body && { body: JSON.stringify(body) }),
  } satisfies RequestInit;
  const { status, text } = await exchange(url + path, init);
  if (status >= 200 && status < 300) {
    const result = read(text, answer);
    onAnswer();
    return result;
  }
  const { code, message = "" } = envelope.safeParse(parsed(text)).data ?? {};
  const failure = failureOf({ status, code, message });
  if (!UNWELL.has(failure.kind)) onAnswer();
  throw failure;
}

const UNWELL: ReadonlySet<FailureKind> = new Set<FailureKind>(["throttled", "stop", "retry"]);

const envelope = z.object({ code: z.string(), message: z.string().optional() });

async function exchange(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    throw new DifyFailure("retry", timedOut ? "timeout" : connectionCode(error), { cause: error });
  }
}

function connectionCode(error: unknown): string {
  return errorCode(error instanceof Error ? error.cause : error) ?? "connection_lost";
}

function read<T>(text: string, answer: z.ZodType<T>): T {
  const result = answer.safeParse(parsed(text));
  if (!result.success) throw new DifyFailure("retry", "malformed");
  return result.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
