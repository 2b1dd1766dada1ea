/** How many round trips a transaction takes: one for each statement, or as few as it has to wait. */
import { errorCode } from "./failures.ts";
import type { Client, Queryable } from "./pool.ts";

/**
 * A transaction in as few round trips as it has to wait, on a connection of a pool that is `pipelined`: what comes first is sent with
 * the `begin`, what comes last with the `commit`.
 */
export interface Trips<First, Result, Last> {
  /** Reads and locks only: they would be alone, and nothing would come of them, if the transaction could not begin. */
  readonly first: (tx: Client) => Promise<First>;
  readonly work: (tx: Client, first: First) => Promise<Result>;
  /** Must have sent all that it sends when it returns: what it sends afterwards is refused, since the `commit` is on its way. */
  readonly last: (tx: Queryable, result: Result) => Promise<Last>;
}

/** What is done on a borrowed connection on which `begin` was sent. `begun`: it was answered. */
export type Body<T> = (client: Client, begun: Promise<void>) => Promise<T>;

/** Each statement waits for the one before it. */
export function inTurn<T>(work: (tx: Client) => Promise<T>): Body<T> {
  return async (client, begun) => {
    await begun;
    const result = await work(client);
    await client.query("commit");
    return result;
  };
}

export function inFew<First, Result, Last>(trips: Trips<First, Result, Last>): Body<Last> {
  return async (client, begun) => {
    const first = heard(trips.first(client));
    await begun;
    const result = await trips.work(client, await first);
    return await endWith(client, (tx) => trips.last(tx, result));
  };
}

export function atOnce<T>(ask: (tx: Queryable, client: Client) => Promise<T>): Body<T> {
  return async (client, begun) => {
    const ended = heard(endWith(client, (tx) => ask(tx, client)));
    await begun;
    return await ended;
  };
}

/**
 * Waits for statements that were sent together. Throws what the first of them failed with, in the order in which they were sent: those
 * behind it only say that their transaction has failed.
 */
export async function together<T extends readonly unknown[] | []>(
  sent: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  const all = heard(Promise.all(sent));
  const reasons = (await Promise.allSettled(sent)).flatMap((one) =>
    one.status === "rejected" ? [one.reason] : [],
  );
  if (reasons.length > 0)
    throw reasons.find((reason) => errorCode(reason) !== ABORTED) ?? reasons[0];
  return await all;
}

/** SQLSTATE: an earlier statement of the transaction has failed. */
const ABORTED = "25P02";

/** Its rejection is awaited later. */
export function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/**
 * Commits behind the last statements. What of them cannot even be sent, such as a value that is none, is known before the `commit` is; what
 * the server refuses of them makes it roll back.
 */
async function endWith<Last>(
  client: Client,
  last: (tx: Queryable) => Promise<Last>,
): Promise<Last> {
  let over = false;
  let failed = false;
  const fails = (): void => void (failed = true);
  const asking: Queryable["query"] = new Proxy(client.query, {
    apply: (query, _self, given: unknown[]): unknown => {
      if (over) throw new Error("a statement behind the commit of its transaction");
      const answer: unknown = Reflect.apply(query, client, given);
      if (answer instanceof Promise) answer.catch(fails);
      return answer;
    },
  });
  const ending = last({ query: asking });
  ending.catch(fails);
  await (client.pipeline ? new Promise(setImmediate) : ending); // Without a pipeline they are not sent yet.
  if (failed) {
    await ending;
    throw new Error("a last statement failed, and was passed over");
  }
  over = true;
  const committed = heard(client.query("commit"));
  const value = await ending;
  await committed;
  return value;
}
