import { describe, expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import { connectionNotes } from "./connection-limits.ts";
import { withPool } from "./pool.ts";

const at = async <T>(
  url: string,
  ask: (db: Parameters<typeof connectionNotes>[0]) => Promise<T>,
): Promise<T> => await withPool({ url, max: 1, name: "nexus-test" }, ask);

describe("a shortage of connections", () => {
  it("is not reported where there are enough", async (context) => {
    const url = await freshDatabase(context);
    expect(await at(url, (db) => connectionNotes(db, 3, "LEGACY_POOL"))).toEqual([]);
  });

  it("is reported where the role's limit is lower", async (context) => {
    const url = await freshDatabase(context);
    const login = await freshLogin(context, url);
    await at(url, (db) => db.query(`alter role ${login.username} connection limit 1`));
    expect(await at(login.href, (db) => connectionNotes(db, 3, "LEGACY_POOL"))).toEqual([
      expect.stringMatching(
        /^the limit of the role is 1 connections, which leaves 1 for us, .* opens up to 3, a proof among them: .*LEGACY_POOL/,
      ),
    ]);
  });

  it("is reported where the database's limit is lower", async (context) => {
    const url = await freshDatabase(context);
    const login = await freshLogin(context, url);
    await at(url, (db) =>
      db.query(`alter database ${new URL(url).pathname.slice(1)} connection limit 2`),
    );
    expect(await at(login.href, (db) => connectionNotes(db, 3, "LEGACY_POOL"))).toEqual([
      expect.stringMatching(/^the limit of the database is 2 connections/),
    ]);
  });

  it("is reported where the server's is", async (context) => {
    const url = await freshDatabase(context);
    expect(await at(url, (db) => connectionNotes(db, 100_000, "TARGET_POOL"))).toEqual([
      expect.stringMatching(/^the limit of the server \(max_connections\) is \d+ connections/),
    ]);
  });
});
