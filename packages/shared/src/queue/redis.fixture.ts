/** A Redis of one test, and what becomes of a queue that is opened on it. */
import { expect, onTestFinished } from "vitest";
import { type PrivateRedis, type RedisOptions, startRedis } from "../testing/index.ts";
import { openTransport } from "./open-transport.ts";
import type { Transport } from "./transport.ts";

/** Opens a queue on it, and says what came of it. */
export async function opened(url: string): Promise<string> {
  try {
    const transport = await open(url);
    return ["open", ...transport.warnings.map(({ says }) => says)].join("; ");
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: "", message: "" };
    expect(message).not.toContain("s3cret");
    return `${name}: ${message}`;
  }
}

export async function open(
  url: string,
  onError: (error: Error) => void = () => undefined,
): Promise<Transport> {
  const transport = await openTransport({ url, prefix: "test", workers: 1, onError });
  onTestFinished(() => transport.close());
  return transport;
}

export async function redis(options: RedisOptions = {}): Promise<PrivateRedis> {
  const server = await startRedis(options);
  if (!server.found) throw new Error(server.reason);
  onTestFinished(() => server.stop());
  return server;
}
