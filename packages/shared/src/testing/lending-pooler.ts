/** A pooler in transaction mode: each transaction of a connection is given the other one of its two sessions. */
import { connect, type Socket } from "node:net";
import type { TestContext } from "./fresh.ts";
import { endTogether, messages, openPooler, READY } from "./pooler.ts";

const IDLE = "I".charCodeAt(0);

/** The URL by which the server of `url` is reached through it. It ends with the test. */
export async function lendingPooler(context: TestContext, url: string): Promise<string> {
  const through = new URL(await openPooler(context, url, lend));
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
    const pass = messages((message) => {
      if (ready) near.write(message);
      if (message[0] !== READY) return;
      if (ready && message[5] === IDLE) lent = 1 - at;
      ready = true;
    });
    far.on("data", pass);
    endTogether(near, far);
  }
}
