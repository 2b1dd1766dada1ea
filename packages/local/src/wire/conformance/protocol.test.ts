import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startWireServer, type WireServer } from "../index.ts";
import { int32, message } from "../messages.ts";
import {
  bind,
  connectRaw,
  errorCode,
  execute,
  firstColumn,
  flush,
  letters,
  openSession,
  parse,
  query,
  startup,
  sync,
} from "./raw-connection.ts";

let server: WireServer;
let witness: Client;

beforeAll(async () => {
  server = await startWireServer({ searchPath: "public" });
  witness = new Client(server.url);
  await witness.connect();
  await witness.query("create table entry (n int4)");
});

afterEach(async () => {
  await expect(witness.query("select 1 as one")).resolves.toMatchObject({ rows: [{ one: 1 }] });
});

afterAll(async () => {
  await witness.end();
  await server.close();
});

describe("the start of a connection", () => {
  it.each([
    ["SSL", 80_877_103],
    ["GSSAPI encryption", 80_877_104],
  ])("declines %s and goes on without", async (_, code) => {
    const client = await connectRaw(server.port);
    client.send(int32(8), int32(code));
    expect(await client.byte()).toBe("N");
    client.send(startup());
    expect(letters(await client.until("Z"))).toMatch(/Z$/);
    client.destroy();
  });

  it("tells its settings, a key and that it is ready", async () => {
    const client = await connectRaw(server.port);
    client.send(startup());
    const replies = await client.until("Z");
    client.destroy();
    expect(letters(replies)).toMatch(/^RS+KZ$/);
    const settings = replies
      .filter((reply) => reply.type === "S")
      .map((reply) => reply.body.toString());
    expect(settings).toContain("server_encoding\0UTF8\0");
  });

  it.each([
    ["another version of the protocol", startup(2 << 16)],
    ["a length that is too small", int32(3)],
    ["a length that is too large", int32(1e9)],
  ])("refuses %s", async (_, bytes) => {
    const client = await connectRaw(server.port);
    client.send(bytes);
    expect(errorCode(await client.until("Z"))).toBe("08P01");
  });

  it("hangs up on a cancel request, which it cannot follow", async () => {
    const client = await connectRaw(server.port);
    client.send(int32(16), int32(80_877_102), int32(1), int32(2));
    expect(await client.until("Z")).toEqual([]);
  });
});

describe("frames that would hang PGlite", () => {
  it.each([
    ["an unknown type", message("!", "what")],
    ["a deprecated function call", message("F", int32(1))],
    ["a negative length", Buffer.concat([Buffer.from("Q"), int32(-1)])],
    ["a length below the header's own", Buffer.concat([Buffer.from("S"), int32(3)])],
    ["an enormous length", Buffer.concat([Buffer.from("Q"), int32(2 ** 30)])],
    ["a name without an end", Buffer.concat([message("P", Buffer.from("abc")), sync])],
  ])("refuses %s and hangs up", async (_, bytes) => {
    const client = await openSession(server.port);
    client.send(bytes);
    expect(errorCode(await client.until("Z"))).toBe("08P01");
  });

  it.each([
    ["a query without its end", message("Q", Buffer.from("select 1"))],
    [
      "a Bind cut short",
      Buffer.concat([parse("", "select 1"), message("B", "", "", int32(9)), sync]),
    ],
  ])("lets PostgreSQL refuse %s, and goes on", async (_, bytes) => {
    const client = await openSession(server.port);
    client.send(bytes);
    expect(errorCode(await client.until("Z"))).toBe("08P01");
    client.send(query("select 2"));
    expect(firstColumn(await client.until("Z"))).toEqual(["2"]);
    client.destroy();
  });

  it("does not wait for the rest of a frame that never comes", async () => {
    const client = await openSession(server.port);
    client.send(query("insert into entry values (1)").subarray(0, 20));
    await expect(witness.query("select n from entry")).resolves.toMatchObject({ rows: [] });
    client.destroy();
  });

  it("puts together a frame that comes byte by byte", async () => {
    const client = await openSession(server.port);
    for (const byte of query("select 'whole'")) client.send(Buffer.from([byte]));
    expect(firstColumn(await client.until("Z"))).toEqual(["whole"]);
    client.destroy();
  });
});

describe("portals and statements", () => {
  it("suspends a portal at the row limit and goes on from there", async () => {
    const client = await openSession(server.port);
    client.send(
      query("begin"),
      parse("", "select generate_series(1, 5)"),
      bind("p", ""),
      execute("p", 2),
      flush,
    );
    await client.until("Z");
    expect(firstColumn(await client.until("s"))).toEqual(["1", "2"]);
    client.send(execute("p", 2), flush);
    expect(firstColumn(await client.until("s"))).toEqual(["3", "4"]);
    client.send(execute("p", 2), sync, query("commit"));
    expect(firstColumn(await client.until("Z"))).toEqual(["5"]);
    await client.until("Z");
    client.destroy();
  });

  it("runs several executes before one sync", async () => {
    const client = await openSession(server.port);
    client.send(parse("", "select $1::int4"));
    client.send(bind("", "", "1"), execute(""), bind("", "", "2"), execute(""), sync);
    expect(firstColumn(await client.until("Z"))).toEqual(["1", "2"]);
    client.destroy();
  });

  it("answers queries that are sent ahead in their order, an error among them", async () => {
    const client = await openSession(server.port);
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    for (const n of numbers)
      client.send(parse("", `select 10 / (${n} - 7)`), bind("", ""), execute(""), sync);
    const answers: (string | undefined)[] = [];
    for (const _ of numbers) {
      const replies = await client.until("Z");
      answers.push(errorCode(replies) ?? firstColumn(replies)[0]);
    }
    client.destroy();
    expect(answers).toEqual(
      numbers.map((n) => (n === 7 ? "22012" : `${Math.trunc(10 / (n - 7))}`)),
    );
  });

  it("never runs another client's unnamed statement", async () => {
    const one = await openSession(server.port);
    const two = await openSession(server.port);
    one.send(parse("", "select 'one'"), sync);
    await one.until("Z");
    two.send(parse("", "select 'two'"), sync);
    await two.until("Z");
    one.send(bind("", ""), execute(""), sync);
    expect(errorCode(await one.until("Z"))).toBe("26000");
    two.send(bind("", ""), execute(""), sync);
    expect(firstColumn(await two.until("Z"))).toEqual(["two"]);
    one.destroy();
    two.destroy();
  });

  it("keeps names apart that differ after 63 bytes of prefix only, as PostgreSQL could not", async () => {
    const client = await openSession(server.port);
    const long = "n".repeat(70);
    client.send(
      parse(`${long}1`, "select 1"),
      parse(`${long}2`, "select 2"),
      bind("", `${long}1`),
      execute(""),
      sync,
    );
    expect(firstColumn(await client.until("Z"))).toEqual(["1"]);
    client.destroy();
  });
});

describe("COPY", () => {
  it("is refused from the client, and the session goes on", async () => {
    await expect(witness.query("copy entry from stdin")).rejects.toThrow(
      /takes no COPY FROM STDIN/,
    );
    await expect(witness.query("select count(*)::int4 as n from entry")).resolves.toMatchObject({
      rows: [{ n: 0 }],
    });
  });

  it("is refused in the extended protocol, and what the client sends after is skipped", async () => {
    const client = await openSession(server.port);
    client.send(parse("", "copy entry from stdin"), bind("", ""), execute(""), sync);
    client.send(message("d", Buffer.from("1\n")), message("c"), query("select 3"));
    expect(errorCode(await client.until("Z"))).toBe("57014");
    expect(firstColumn(await client.until("Z"))).toEqual(["3"]);
    client.destroy();
  });

  it("works towards the client", async () => {
    const client = await openSession(server.port);
    client.send(query("copy (select 42) to stdout"));
    expect(letters(await client.until("Z"))).toBe("HdcCZ");
    client.destroy();
  });
});
