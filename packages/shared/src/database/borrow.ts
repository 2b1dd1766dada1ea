/** A connection of a pool, for the length of a transaction. */
import { setPatience } from "../runtime/silence.ts";
import type { Client, Pool } from "./pool.ts";

/** Borrows a connection. It is released once: by us, or by the signal, which cuts it. */
export async function borrow(
  pool: Pool,
  signal?: AbortSignal,
): Promise<{ client: Client; release: (usable: boolean) => void }> {
  signal?.throwIfAborted();
  const client = await pool.connect();
  let ours = true;
  const release = (usable: boolean): void => {
    signal?.removeEventListener("abort", cut);
    setPatience(client, undefined);
    if (ours) client.release(!usable);
    ours = false;
  };
  const cut = (): void => {
    release(false);
    client.connection.stream.destroy(); // The pool would wait for what is under way.
  };
  signal?.addEventListener("abort", cut);
  if (signal?.aborted) cut(); // While the connection was being made.
  return { client, release };
}
