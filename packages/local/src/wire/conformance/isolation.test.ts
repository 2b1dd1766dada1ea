import { entities } from "@nexus/catalog";
import { asTenant, openPool, type Pool, preflightTarget } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWireServer, type WireServer } from "../index.ts";

let server: WireServer;
let target: Pool;

beforeAll(async () => {
  server = await startWireServer({ searchPath: "public", vector: true });
  target = openPool({ url: server.url, max: 2, name: "test", onError: () => undefined });
  await migrateTarget({ target, entities });
}); // A new embedded database with pgvector on a busy machine.

afterAll(async () => {
  await target.end();
  await server.close();
});

describe("row level security in the embedded database", () => {
  it("is what preflight wants, and left as it is by a second migration", async () => {
    await expect(preflightTarget(target, entities)).resolves.toBeUndefined();
    expect(await migrateTarget({ target, entities })).toEqual({ applied: [], leftOut: [] });
  });

  it("shows a tenant the rows of its practice, and ends with its transaction", async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await target.query(
      "insert into public.practices (id, name) values ($1, 'mine'), ($2, 'theirs')",
      [mine, theirs],
    );
    await target.query("insert into public.cases (practice_id) values ($1), ($2), (null)", [
      mine,
      theirs,
    ]);
    const seen = await asTenant(target, mine, (tx) =>
      tx.query("select practice_id from public.cases"),
    );
    expect(seen.rows).toEqual([{ practice_id: mine }]);
    const { rows } = await target.query("select count(*) as all from public.cases");
    expect(rows).toEqual([{ all: 3 }]);
  });
});
