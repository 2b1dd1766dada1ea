import { createServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { ConfigurationError, UnavailableError } from "../config/failure.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { openLine } from "../testing/line.ts";
import { freshLogin } from "../testing/login.ts";
import { openPool, withPool } from "./pool.ts";
import { reachTarget, requireVersion } from "./reach.ts";

const oldest = { number: 150_000, text: "15" };

describe("a server's version", () => {
  it("is refused when it is too old", () => {
    const found = { number: 140_019, text: "14.19" };
    expect(() => requireVersion("TARGET_URL (db:5432/app)", found, oldest)).toThrow(
      new UnavailableError(
        "TARGET_URL (db:5432/app): PostgreSQL 14.19 is too old, 15 or newer is needed: upgrade the server or point to another one",
      ),
    );
  });

  it.each([150_000, 180_002])("is accepted when it is %i", (number) => {
    expect(() => requireVersion("TARGET_URL", { number, text: "" }, oldest)).not.toThrow();
  });
});

describe("a server that cannot be reached", () => {
  it("is named by its host, port and database, never by its password", async () => {
    const port = await closedPort();
    const failure = await reached(`postgres://worker:s3cret-pass@127.0.0.1:${port}/clinic`);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(String(failure)).toContain(
      `TARGET_URL (127.0.0.1:${port}/clinic): cannot be reached (ECONNREFUSED)`,
    );
    expect(String(failure)).not.toContain("s3cret-pass");
  });

  it("is told from one without such a database, whose name ends with a blank", async (context) => {
    const url = await freshDatabase(context);
    expect(String(await reached(`${url}%20`))).toMatch(
      /cannot be reached \(3D000\): it has no such database: the name in the URL begins or ends with a blank/,
    );
    expect(String(await reached(`${url}x`))).toMatch(
      /cannot be reached \(3D000\): it has no such database: correct the database's name/,
    );
  });

  it("is told from one that has no connection left", async (context) => {
    const url = await freshDatabase(context);
    const login = await freshLogin(context, url);
    await withPool({ url, max: 1, name: "test" }, (pool) =>
      pool.query(`alter role ${login.username} connection limit 0`),
    );
    expect(String(await reached(login.href))).toMatch(
      /cannot be reached \(53300\): it has no connection left for us/,
    );
  });

  it("is told from one whose pooler has none left", async (context) => {
    const line = await openLine(await freshDatabase(context));
    line.limit(
      0,
      "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size",
    );
    const failure = await reached(line.url);
    await line.cut();
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(String(failure)).toMatch(
      /cannot be reached \(no_connection_left\): it has no connection left for us: .* or the pooler's servers are down/,
    );
  });

  it.for([
    "-c nonsense",
    "search_path=x",
    "-c TimeZone=Foo",
    "-c role=nobody",
    "-c no_such_setting=1",
  ])("refuses what its URL says in options: %s", async (options, context) => {
    const url = new URL(await freshDatabase(context));
    url.searchParams.set("options", options);
    const failure = await reached(url.href);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).toMatch(
      /TARGET_URL \(.*\): the server refuses a setting .* \((42601|22023|42704)\): correct options= /,
    );
  });

  it.each([
    "unsupported startup parameter: options",
    "unsupported startup parameter in options: search_path",
  ])("is told from a pooler that takes no options: %s", async (message) => {
    const line = await openLine("postgres://worker@127.0.0.1:1/clinic");
    line.limit(0, message, "08P01");
    const failure = await reached(`${line.url}?options=-c%20search_path%3Dlegacy`);
    await line.cut();
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).toMatch(
      /TARGET_URL \(.*\): a pooler before it takes no options \(08P01\): take options= out of the URL.*alter role … set search_path/,
    );
  });

  it("is named by the place that is dialled: what stands behind the ? wins", async () => {
    const url = "postgres://worker@localhost:5432/clinic?host=/no/such/folder&port=5433";
    expect(String(await reached(url))).toContain(
      "TARGET_URL (/no/such/folder:5433/clinic): cannot be reached (ENOENT): there is no socket of a server",
    );
  });

  it("is unavailable when it ends the connection", async () => {
    const server = await listening((socket) => socket.destroy());
    const failure = await reached(`postgres://worker@127.0.0.1:${portOf(server)}/clinic`);
    server.close();
    expect(failure).toBeInstanceOf(UnavailableError);
  });
});

async function reached(url: string): Promise<unknown> {
  const pool = openPool({ url, max: 1, name: "test", onError: () => undefined });
  const outcome: unknown = await reachTarget(pool).catch((error: unknown) => error);
  await pool.end();
  return outcome;
}

async function closedPort(): Promise<number> {
  const server = await listening(() => undefined);
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listening(onConnection: (socket: { destroy(): void }) => void): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(onConnection).listen(0, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
