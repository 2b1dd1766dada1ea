/** What stands-in for poolers have in common: they speak PostgreSQL's protocol, message by message. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { TestContext } from "./fresh.ts";

/** ReadyForQuery; the byte behind its length says in which state. */
export const READY = "Z".charCodeAt(0);

/** The URL by which the server of `url` is reached through it. It ends with the test. */
export async function openPooler(
  context: TestContext,
  url: string,
  serve: (near: Socket, port: number) => void,
): Promise<string> {
  const port = Number(new URL(url).port);
  const server = createServer({ noDelay: true }, (near) => serve(near, port));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onTestFinished(() => void server.close());
  const address = server.address();
  const through = new URL(url);
  through.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return through.href;
}

/** Takes chunks of what a server says, and calls `tell` with each message, whole. */
export function messages(tell: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const size = 1 + rest.readUInt32BE(1);
      tell(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  };
}

/** Neither outlives the other. */
export function endTogether(near: Socket, far: Socket): void {
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on("error", () => undefined);
    one.on("close", () => void other.destroy());
  }
}
