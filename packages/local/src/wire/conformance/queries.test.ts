import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWireServer, type WireServer } from "../index.ts";

let server: WireServer;
let client: Client;

beforeAll(async () => {
  server = await startWireServer({ searchPath: "app, public", vector: true });
  client = new Client(server.url);
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await server.close();
});

describe("node-postgres on the embedded server", () => {
  it("keeps values of all kinds as they are", async () => {
    const values = [
      7,
      "Übergröße 牙",
      1.5,
      true,
      null,
      { a: [1, { b: null }] },
      [1, null, 3],
      ["a,b", '"'],
    ];
    const bytes = Buffer.from([0, 1, 254, 255]);
    const at = new Date("2024-02-29T12:34:56.789Z");
    const { rows } = await client.query(
      `select $1::int4 as a, $2::text as b, $3::float8 as c, $4::bool as d, $5::text as e, $6::jsonb as f,
              $7::int4[] as g, $8::text[] as h, $9::bytea as i, $10::timestamptz as j, $11::int8 as k`,
      [...values, bytes, at, "9007199254740993"],
    );
    expect(Object.values(rows[0])).toEqual([...values, bytes, at, "9007199254740993"]);
  });

  it("carries a parameter of 5 MB and sends it back", async () => {
    const large = "ü0123456789".repeat(5e5);
    const { rows } = await client.query({
      text: "select $1::text as large, length($1) as size",
      values: [large],
    });
    expect(rows[0].size).toBe(large.length);
    expect(rows[0].large === large).toBe(true);
  });

  it("answers the simple protocol with each statement's own result", async () => {
    const results: unknown = await client.query("select 1 as a; select 2 as b; select where false");
    expect(results).toMatchObject([{ rows: [{ a: 1 }] }, { rows: [{ b: 2 }] }, { rows: [] }]);
  });

  it.each<[string, string, unknown[], string]>([
    ["a division by zero", "select 1/0", [], "22012"],
    ["a typing error", "selec 1", [], "42601"],
    ["an unknown table", "select * from nowhere where a = $1", [1], "42P01"],
    ["a bad parameter", "select $1::int4", ["seven"], "22P02"],
  ])("reports %s with its SQLSTATE, and goes on", async (_, sql, values, code) => {
    await expect(client.query(sql, values)).rejects.toMatchObject({ code });
    await expect(client.query("select 1 as one")).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  it("runs queries in the order in which they were sent ahead", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => client.query("select $1::int4 as n", [n])),
    );
    expect(answers.map((answer) => answer.rows[0].n)).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
  });

  it("keeps equal names of statements of two clients apart", async () => {
    const other = new Client(server.url);
    await other.connect();
    for (const round of [1, 2, 3]) {
      const [one, two] = await Promise.all([
        client.query({ name: "mine", text: "select $1::int4 + 1 as a", values: [round] }),
        other.query({ name: "mine", text: "select $1::text || '!' as b", values: [round] }),
      ]);
      expect([one.rows, two.rows]).toEqual([[{ a: round + 1 }], [{ b: `${round}!` }]]);
    }
    await other.end();
    const left = await client.query({
      name: "mine",
      text: "select $1::int4 + 1 as a",
      values: [9],
    });
    expect(left.rows).toEqual([{ a: 10 }]);
  });

  it("forgets the statements of clients that have gone", async () => {
    const before = await client.query("select count(*)::int4 as n from pg_prepared_statements");
    const other = new Client(server.url);
    await other.connect();
    await other.query({ name: "gone", text: "select 1" });
    await other.end();
    const after = await client.query("select count(*)::int4 as n from pg_prepared_statements");
    expect(after.rows).toEqual(before.rows);
  });

  it("gives every client the search path of the server, and the vector extension", async () => {
    await client.query("create schema app; create extension vector");
    const { rows } = await client.query(
      "select current_setting('search_path') as path, '[1,2]'::vector <-> $1 as distance",
      ["[1,4]"],
    );
    expect(rows).toEqual([{ path: "app, public", distance: 2 }]);
  });
});
