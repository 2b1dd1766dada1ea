/** What every pool does for its users: connections that fall silent are cut, scarce ones are shared, errors know their server. */
import type { Pool, PoolClient } from "pg";
import { noConnectionLeft, ofConnecting, ofForeignServer } from "./failures.ts";
import { watchSilence } from "../runtime/silence.ts";

/** The two databases of a migration, in the words of people. */
export type Server = "source" | "target";

const blamed = new WeakMap<Error, Server>();

/** Which server an error came from, where its pool knows. */
export function serverOf(error: unknown): Server | undefined {
  return error instanceof Error ? blamed.get(error) : undefined;
}

/** Milliseconds after which a pool that was refused more connections tries for another. */
const SCARCE_MS = 30_000;

/** `silenceMs`: milliseconds without an answer after which a query is given up, unless a transaction says otherwise. */
export function attend(pool: Pool, silenceMs: number, server: Server | undefined): void {
  const blame = (error: unknown): void => {
    if (server === undefined || !(error instanceof Error) || blamed.has(error)) return;
    blamed.set(error, server);
    if (server === "source") ofForeignServer(error);
  };
  pool.on("connect", (client) => {
    watchSilence(client, silenceMs);
    tellFarewell(client);
    client.query = blaming(client.query, blame);
  });
  share(pool);
  pool.connect = blaming(pool.connect, blame);
  pool.query = blaming(pool.query, blame);
}

/** Of a crash of another session, and of an immediate shutdown, PostgreSQL tells in a notice; the connection then ends without a word. */
function tellFarewell(client: PoolClient): void {
  client.on("notice", ({ code }) => {
    if (code?.startsWith("57P") !== true) return;
    const { stream } = client.connection;
    stream.destroy(Object.assign(new Error("the server ended the session"), { code }));
  });
}

/** The same function, whose rejections are told to `blame` before its caller hears of them. */
function blaming<F extends (...given: never[]) => unknown>(
  ask: F,
  blame: (error: unknown) => void,
): F {
  return new Proxy(ask, {
    apply: (call, self, given: unknown[]): unknown => {
      const answer: unknown = Reflect.apply(call, self, given);
      if (answer instanceof Promise) answer.catch(blame);
      return answer;
    },
  });
}

type Done = (error: Error | undefined, client: PoolClient | undefined, release: () => void) => void;

/**
 * A pool lives with the connections that the server has for it: who is refused another one waits for one of those, instead of
 * failing what it is needed for.
 */
function share(pool: Pool): void {
  const [connect, { max }] = [pool.connect.bind(pool), pool.options];

  async function one(): Promise<PoolClient> {
    try {
      return await new Promise((resolve, reject) => {
        connect((error, client) => (client === undefined ? reject(error) : resolve(client)));
      });
    } catch (error) {
      if (!noConnectionLeft(error) || pool.totalCount === 0 || pool.totalCount >= pool.options.max)
        throw ofConnecting(error);
      pool.options.max = pool.totalCount;
      setTimeout(() => (pool.options.max = max), SCARCE_MS).unref();
      return await one();
    }
  }

  function shared(): Promise<PoolClient>;
  function shared(callback: Done): void;
  function shared(callback?: Done): Promise<PoolClient> | void {
    if (callback === undefined) return one();
    one().then(
      (client) => callback(undefined, client, () => client.release()),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  }
  pool.connect = shared;
}
