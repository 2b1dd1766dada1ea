/**
 * Connections that fall silent. A machine, a proxy or a firewall that forgets a connection says nothing, and TCP may hold it for
 * open: what was asked would be waited for for ever.
 */
import { Socket } from "node:net";
import type { PoolClient } from "pg";
import { cancelStatement } from "./cancel-statement.ts";

/** Something was asked, and the connection carried no byte for too long: it was cut. */
class SessionSilent extends Error {
  readonly code = "SESSION_SILENT";
}

/** How long an answer may take. */
export interface Patience {
  /** Milliseconds without a byte after which the answer is doubted. */
  readonly silenceMs: number;
  /** Milliseconds after which a query is given up, whatever the server says. */
  readonly deadlineMs: number;
  /** Asks the server, by another connection, whether it is still at it. */
  stillWorking?(): Promise<boolean>;
}

const agreed = new WeakMap<PoolClient, Patience>();

/** Sets how long answers of this session may take, until it is set again; undefined: as its pool says. */
export function setPatience(client: PoolClient, patience: Patience | undefined): void {
  if (patience === undefined) agreed.delete(client);
  else agreed.set(client, patience);
}

/** Milliseconds that a connection may take to say goodbye. */
const GOODBYE_MS = 2_000;

/**
 * Has every question of this session, `begin` and `commit` too, answered within its patience, or the connection cut: its questions
 * fail, and the pool makes another.
 */
export function watchSilence(client: PoolClient, silenceMs: number): void {
  const { connection } = client;
  const { stream } = connection;
  if (!(stream instanceof Socket)) return;
  let open = 0;
  let askedAt = 0;
  const patience = (): Patience => agreed.get(client) ?? { silenceMs, deadlineMs: silenceMs };
  client.query = new Proxy(client.query, {
    apply: (query, self, given: unknown[]): unknown => {
      open++;
      askedAt = performance.now();
      stream.setTimeout(patience().silenceMs);
      return Reflect.apply(query, self, given);
    },
  });
  client.end = new Proxy(client.end, {
    apply: (end, self, given: unknown[]): unknown => {
      const late = setTimeout(() => stream.destroy(), GOODBYE_MS);
      stream.once("close", () => clearTimeout(late));
      return Reflect.apply(end, self, given);
    },
  });
  connection.on("readyForQuery", () => {
    open = Math.max(0, open - 1);
    if (open === 0) stream.setTimeout(0);
    else askedAt = performance.now(); // The next of those that were sent together has its turn now.
  });
  stream.on("timeout", () => {
    const { silenceMs, deadlineMs, stillWorking } = patience();
    if ((stream.timeout ?? 0) < silenceMs) return void stream.setTimeout(silenceMs); // It was asked when there was less patience.
    const [question, heard] = [askedAt, stream.bytesRead];
    const cut = (): void => {
      if (open === 0 || askedAt !== question || stream.bytesRead > heard) return;
      cancelStatement(client); // It may wait for a lock, and would go on when it gets it.
      stream.destroy(new SessionSilent("the connection fell silent"));
    };
    if (stillWorking === undefined || performance.now() - askedAt >= deadlineMs) return cut();
    stream.setTimeout(silenceMs); // Its next word, or the next doubt.
    void stillWorking().then((working) => (working ? undefined : cut()));
  });
}
