/** A pooler in transaction mode: each transaction of a connection is given the other one of its two sessions. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "./fresh.ts";

const READY = "Z".charCodeAt(0);
const IDLE = "I".charCodeAt(0);

/** The URL by which the server of `url` is reached through it. It ends with the test. */
export async function lendingPooler(context: TestContext, url: string): Promise<string> {
  const port = Number(new URL(url).port);
  const server = createServer({ noDelay: true }, (near) => lend(near, port));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onTestFinished(() => void server.close());
  const address = server.address();
  const through = new URL(url);
  through.port = String(typeof address === "object" && address !== null ? address.port : 0);
  through.searchParams.set("sslmode", "disable");
  return through.href;
}

function lend(near: Socket, port: number): void {
  const sessions = [0, 1].map(() => connect({ port, host: "127.0.0.1", noDelay: true }));
  let lent = 0;
  let greeted = false;
  near.on("data", (chunk: Buffer) => {
    for (const far of greeted ? sessions.slice(lent, lent + 1) : sessions) far.write(chunk);
    greeted = true;
  });
  for (const [at, far] of sessions.entries()) {
    let ready = at === 0; // The greeting of one is enough.
    onMessage(far, (message) => {
      if (ready) near.write(message);
      if (message[0] !== READY) return;
      if (ready && message[5] === IDLE) lent = 1 - at;
      ready = true;
    });
    endTogether(near, far);
    endTogether(far, near);
  }
}

/** Calls `tell` with each message of the server, whole. */
function onMessage(far: Socket, tell: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  far.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const size = 1 + rest.readUInt32BE(1);
      tell(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  });
}

function endTogether(one: Socket, other: Socket): void {
  one.on("error", () => undefined);
  one.on("close", () => void other.destroy());
}
