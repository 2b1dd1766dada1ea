/** Encryption, on real servers: what libpq would do, and the true reason where it cannot be done. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Certificates,
  eventually,
  makeCertificates,
  type Missing,
  openLine,
  type PrivatePostgres,
  startPostgres,
} from "../testing/index.ts";
import { withPool } from "./pool.ts";
import { reachTarget } from "./reach.ts";

/** Rules of `pg_hba.conf`: some users may come one way only. */
const RULES = [
  "hostnossl all plain_only all trust",
  "hostssl all tls_only all trust",
  "host all postgres all trust",
];

/** The first message of a connection that is to be encrypted. */
const TLS_REQUEST = 80_877_103;

const plain = await startPostgres();

/** What Node's own warnings said; each is given once in a process. */
const warnings: string[] = [];
const hear = ({ message }: Error): void => void warnings.push(message);
process.on("warning", hear);

let made: Certificates;
let [withTls, other, elsewhere]: (PrivatePostgres | undefined)[] = [];

beforeAll(async () => {
  if (!plain.found) return;
  made = await makeCertificates();
  const tls = ({ cert, key }: { cert: string; key: string }, rules = RULES) => {
    const hba = join(cert, "..", `${rules.length}.hba`);
    writeFileSync(hba, `${rules.join("\n")}\n`, { mode: 0o644 });
    return { ssl: "on", ssl_cert_file: cert, ssl_key_file: key, hba_file: hba };
  };
  const started = await Promise.all([
    startPostgres({ settings: tls(made.server) }),
    startPostgres({ settings: tls(made.selfSigned) }),
    startPostgres({ settings: tls(made.elsewhere) }),
  ]);
  [withTls, other, elsewhere] = started.map((one) => (one.found ? one : undefined));
  await withTls?.psql(withTls.url, [
    "-c",
    "create role tls_only login",
    "-c",
    "create role plain_only login",
  ]);
});
afterAll(async () => {
  process.off("warning", hear);
  await Promise.all(
    [plain, withTls, other, elsewhere].map(async (one) => {
      if (one?.found === true) await one.stop();
    }),
  );
  if (plain.found) made.remove();
});

/** What is said of a connection: whether it is encrypted, or why there is none. */
async function said(url: string, name = "target"): Promise<string> {
  try {
    return await withPool({ url, max: 3, name: `nexus-${name}` }, async (pool) => {
      await reachTarget(pool);
      const asked = [1, 2, 3].map(() =>
        pool.query<{ ssl: boolean }>("select ssl from pg_stat_ssl where pid = pg_backend_pid()"),
      );
      const ways = (await Promise.all(asked)).map(({ rows }) =>
        rows[0]?.ssl === true ? "encrypted" : "plain",
      );
      return [...new Set(ways)].join(", ");
    });
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : "";
  }
}

function at(
  server: PrivatePostgres | Missing | undefined,
  query: string,
  { user = "postgres", host = "localhost" } = {},
): string {
  if (server?.found !== true) throw new Error("PostgreSQL was found a moment ago");
  const url = new URL(server.url);
  url.hostname = host;
  url.username = user;
  return `${url.href}${query}`;
}

// Needs a real PostgreSQL: the embedded one speaks no TLS.
describe.skipIf(!plain.found)("a server with TLS, whose certificate is for localhost", () => {
  it.for([
    ["", "plain"],
    ["?sslmode=disable", "plain"],
    ["?sslmode=allow", "plain"],
    ["?sslmode=prefer", "encrypted"],
    ["?sslmode=require", "encrypted"],
    ["?ssl=true", "encrypted"],
    ["?sslmode=no-verify", "encrypted"],
    [
      "?sslmode=verify-full",
      "name the CA's file with sslrootcert (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
    ],
    ["?sslmode=verify-full&sslrootcert=CA", "encrypted"],
    ["?sslmode=verify-ca&sslrootcert=CA", "encrypted"],
    ["?sslmode=require&sslrootcert=CA", "encrypted"],
    ["?sslmode=require&sslrootcert=OTHER", "name the CA's file with sslrootcert"],
    ["?sslmode=verify-full&sslrootcert=OTHER", "name the CA's file with sslrootcert"],
  ])("asked with %j: %s", async ([query = "", says = ""]) => {
    const asked = query.replace("=CA", `=${made.ca}`).replace("=OTHER", `=${made.otherCa}`);
    expect(await said(at(withTls, asked))).toContain(says);
  });

  it.for([
    ["tls_only", "?sslmode=disable", "ConfigurationError: TARGET_URL (localhost"],
    [
      "tls_only",
      "?sslmode=disable",
      "refuses this user from here without TLS: say sslmode=require",
    ],
    ["tls_only", "?sslmode=allow", "encrypted"],
    ["tls_only", "?sslmode=require", "encrypted"],
    ["plain_only", "?sslmode=require", "its pg_hba.conf has no line that lets this user"],
    ["plain_only", "?sslmode=prefer", "plain"],
    ["nobody", "?sslmode=require", "its pg_hba.conf has no line that lets this user"],
  ])("lets %s in with %j: %s", async ([user = "", query = "", says = ""]) => {
    expect(await said(at(withTls, query, { user }))).toContain(says);
  });
});

// Needs a real PostgreSQL: the embedded one speaks no TLS.
describe.skipIf(!plain.found)("a statement that is given up over TLS", () => {
  it.for(["?sslmode=require", "?sslmode=verify-full&sslrootcert=CA"])(
    "is cancelled over TLS, asked with %j",
    async (query) => {
      const line = await openLine(at(withTls, query.replace("=CA", `=${made.ca}`)));
      const server = at(withTls, "?sslmode=disable");
      try {
        const sleeping = "select from pg_stat_activity where query like 'select pg_sleep(60%'";
        await withPool({ url: server, max: 1, name: "nexus-test" }, async (direct) => {
          await withPool(
            { url: line.url, max: 1, name: "nexus-target", silenceMs: 300 },
            async (pool) => {
              await expect(pool.query("select pg_sleep(60)")).rejects.toMatchObject({
                code: "SESSION_SILENT",
              });
            },
          );
          await eventually(async () => (await direct.query(sleeping)).rowCount === 0, {
            within: 10_000,
          });
        });
        const codes = line.beginnings.map((bytes) => bytes.readInt32BE(4));
        expect([codes.length, new Set(codes)]).toEqual([2, new Set([TLS_REQUEST])]);
      } finally {
        await line.cut();
      }
    },
  );
});

// Needs a real PostgreSQL: the embedded one speaks no TLS.
describe.skipIf(!plain.found)("a server whose certificate is self-signed", () => {
  it.for([
    ["?sslmode=require", "encrypted"],
    ["?sslmode=prefer", "encrypted"],
    ["?sslmode=verify-full", "ConfigurationError"],
    ["?sslmode=verify-full", "its certificate is self-signed"],
    ["?sslmode=verify-full&sslrootcert=SELF", "encrypted"],
  ])("asked with %j: %s", async ([query = "", says = ""]) => {
    expect(await said(at(other, query.replace("=SELF", `=${made.selfSigned.cert}`)))).toContain(
      says,
    );
  });
});

// Needs a real PostgreSQL: the embedded one speaks no TLS.
describe.skipIf(!plain.found)("a server whose certificate is for another name", () => {
  it.for([
    ["?sslmode=verify-full&sslrootcert=CA", "its certificate is for another host name"],
    ["?sslmode=verify-ca&sslrootcert=CA", "encrypted"],
    ["?sslmode=require", "encrypted"],
  ])("asked with %j: %s", async ([query = "", says = ""]) => {
    expect(await said(at(elsewhere, query.replace("=CA", `=${made.ca}`)))).toContain(says);
  });
});

// Needs a real PostgreSQL: the embedded one speaks no TLS.
describe.skipIf(!plain.found)("a server without TLS", () => {
  it.for(["", "?sslmode=disable", "?sslmode=allow", "?sslmode=prefer"])(
    "is reached with %j",
    async (query) => {
      expect(await said(at(plain, query))).toBe("plain");
    },
  );

  it.for(["require", "verify-full", "verify-ca&sslrootcert=CA"])(
    "is refused with sslmode=%s",
    async (mode) => {
      const asked = at(plain, `?sslmode=${mode.replace("=CA", `=${made.ca}`)}`);
      expect(await said(asked)).toMatch(
        /^ConfigurationError: TARGET_URL \(.*\): the server speaks no TLS: switch it on there/,
      );
    },
  );
});

// Needs a real PostgreSQL: the embedded one speaks no TLS.
it.skipIf(!plain.found)("no sslmode makes the driver warn of what it takes it for", async () => {
  for (const mode of ["allow", "prefer", "require", "no-verify", "verify-ca", "verify-full"]) {
    const rest = mode.startsWith("verify") ? `&sslrootcert=${made.ca}` : "";
    expect(await said(at(withTls, `?sslmode=${mode}${rest}`))).toMatch(/encrypted|plain/);
  }
  expect(warnings).toEqual([]);
});
