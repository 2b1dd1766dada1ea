import { withPool } from "@nexus/shared/database";
import { eventually, freePort, freshDatabase, startRedis } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { nexusHere } from "./nexus-here.ts";
import { nexusProcess } from "./nexus.fixture.ts";

describe("nexus migrate", () => {
  it("says in plain lines what it did, and the second time that there is nothing to do", async (context) => {
    const TARGET_URL = await freshDatabase(context);
    const first = await nexusProcess(["migrate"], { TARGET_URL });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("applied 001-ledger.sql\n");
    const second = await nexusProcess(["migrate"], { TARGET_URL });
    expect(second.stdout).toMatch(/^nothing to do: the target is up to date$/m);
  });

  it("says it as JSON when asked", async (context) => {
    const TARGET_URL = await freshDatabase(context);
    const { stdout } = await nexusProcess(["migrate", "--json"], { TARGET_URL });
    expect(JSON.parse(stdout)).toMatchObject({
      applied: expect.arrayContaining(["applied 001-ledger.sql"]),
    });
  });

  it("is done once when two processes start at once", async (context) => {
    const TARGET_URL = await freshDatabase(context);
    const both = await Promise.all([1, 2].map(() => nexusProcess(["migrate"], { TARGET_URL })));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ stdout }) => stdout.includes("applied 001-ledger.sql"))).toHaveLength(1);
  });

  it("waits for another to migrate, and changes nothing itself", async (context) => {
    const TARGET_URL = await freshDatabase(context);
    const waiting = nexusProcess(["migrate", "--wait-only", "5"], { TARGET_URL });
    await eventually(() => sessionsOf(TARGET_URL), { until: (open) => open > 0, within: 30_000 });
    expect(await nexusProcess(["preflight"], { LEGACY_URL: TARGET_URL, TARGET_URL })).toMatchObject(
      {
        stderr: expect.stringMatching(
          /^warning: TARGET_URL leads to the database of LEGACY_URL.*not migrated/s,
        ),
      },
    );
    await nexusProcess(["migrate"], { TARGET_URL });
    expect(await waiting).toMatchObject({ code: 0, stderr: "" });
  });

  it("lists every wrong variable at once and ends with 2", async () => {
    const wrong = {
      TARGET_URL: "postgres://u:s3cret@pooler.example:6543/db",
      ID_NAMESPACE: "not-a-uuid",
    };
    const { code, stderr } = await nexusProcess(["migrate"], wrong);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^TARGET_URL uses port 6543.*; ID_NAMESPACE must be a UUID.*\n$/);
    expect(stderr).not.toContain("s3cret");
  });

  it("ends with 3 when the target cannot be reached, and keeps the password to itself", async () => {
    const { code, stderr } = await nexusProcess(["migrate"], {
      TARGET_URL: "postgres://u:s3cret@127.0.0.1:1/db",
    });
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^TARGET_URL \(127\.0\.0\.1:1\/db\): cannot be reached \(ECONNREFUSED\).*\n$/,
    );
    expect(stderr).not.toContain("s3cret");
  });
});

describe("nexus preflight", () => {
  it("names what is wrong with both databases in one line and ends with 2", async (context) => {
    const { code, stderr } = await nexusProcess(["preflight"], {
      LEGACY_URL: await freshDatabase(context),
      TARGET_URL: await freshDatabase(context),
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^LEGACY_URL .*tables missing: dispatch_office, .*; TARGET_URL .*not migrated.*\n$/,
    );
  });
});

describe("nexus preflight and the way to its servers", () => {
  const away = "postgres://u:s3cret@127.0.0.1:1/db";

  it.each([
    [
      { LEGACY_URL: `${away}?port=abc`, TARGET_URL: away },
      2,
      /^LEGACY_URL has a port that is no number/,
    ],
    [{ LEGACY_URL: away, TARGET_URL: `${away} ` }, 2, /^TARGET_URL begins or ends with a blank/],
    [
      { LEGACY_URL: away, TARGET_URL: `${away}?sslmode=full` },
      2,
      /^TARGET_URL has an sslmode that is none/,
    ],
    [
      { LEGACY_URL: away, TARGET_URL: away, QUEUE_URL: "redis://:s3cret@127.0.0.1:1/abc" },
      2,
      /^QUEUE_URL names a database of Redis that is no number/,
    ],
    [
      { LEGACY_URL: away, TARGET_URL: away, QUEUE_URL: "redis://:s3cret@127.0.0.1:1/9" },
      3,
      /QUEUE_URL: no Redis answers at 127.0.0.1:1 \(ECONNREFUSED\)/,
    ],
  ])("ends with a line that names the variable: %j", async (env, wanted, says) => {
    const { code, stderr } = await nexusProcess(["preflight"], env);
    expect([code, stderr.split("\n").length]).toEqual([wanted, 2]);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/s3cret|Warning/);
  });

  it("says that the queue evicts, in words and as JSON", async () => {
    const redis = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    if (!redis.found) return;
    const env = { LEGACY_URL: away, TARGET_URL: away, QUEUE_URL: redis.url };
    const { stderr } = await nexusProcess(["preflight"], env);
    const { stdout } = await nexusProcess(["preflight", "--json"], env);
    await redis.stop();
    expect(stderr).toMatch(/^warning: QUEUE_URL: the Redis at .* evicts keys .* noeviction$/m);
    expect(JSON.parse(stdout)).toMatchObject({
      queue: { ready: true },
      warnings: [expect.stringContaining("evicts keys")],
    });
  });

  it("says that data goes to another machine in plain text", async () => {
    const elsewhere = "postgres://u:s3cret@192.0.2.1.invalid/db?sslmode=disable";
    const { stderr } = await nexusProcess(["preflight"], {
      LEGACY_URL: elsewhere,
      TARGET_URL: away,
    });
    expect(stderr).toMatch(
      /^warning: LEGACY_URL: the way to 192\.0\.2\.1\.invalid is in plain text: say sslmode=verify-full/m,
    );
  });
});

describe("a mistake in the command line", () => {
  it.each([
    { args: ["migrat"], suggested: "migrate" },
    { args: ["migrate", "--jsn"], suggested: "--json" },
    { args: ["start", "--skip-pacients"], suggested: "--skip-patients" },
    { args: ["start", "--skip-csaes"], suggested: "--skip-cases" },
    { args: ["start", "--skip-members"], suggested: "--skip-practice-members" },
    { args: ["start", "--skip-embeddings"], suggested: "--skip-ai-embeddings" },
    { args: ["start", "--skip-offices"], suggested: "--skip-practices" },
    { args: ["start", "--skip-orders", "--skip-state"], suggested: "--skip-case-states" },
  ])("is answered with a suggestion: $args", async ({ args, suggested }) => {
    const { code, stderr } = await nexusHere(args, {});
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: unknown .*Did you mean ${suggested}\\?.*\\n$`));
  });

  it.each([
    { args: ["requeue", "pracs"], says: /Allowed choices are practices, / },
    {
      args: ["start", "--entities", "practices,pracs"],
      says: /There is no entity pracs; there are practices, /,
    },
    { args: ["requeue", "cases", "--scope", "some"], says: /Allowed choices are failed, / },
    { args: ["accounts", "requeue", "--users", "1,x"], says: /They are whole numbers/ },
    { args: ["waive", "cases"], says: /'--reason <text>' not specified/ },
    {
      args: ["lineage", "cases", "x1"],
      says: /It is a whole number from -2147483648 to 2147483647/,
    },
    {
      args: ["lineage", "cases", "--", "-2147483649"],
      says: /It is a whole number from -2147483648/,
    },
    { args: ["exceptions", "--keys"], says: /--keys needs an entity/ },
    { args: ["search", "crown"], says: /'--practice <uuid>' not specified/ },
  ])("is answered in one line: $args", async ({ args, says }) => {
    const { code, stdout, stderr } = await nexusHere(args, {});
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(says);
    expect(stderr.trim()).not.toContain("\n");
  });

  it("is not to ask for help", async () => {
    const { code, stdout } = await nexusProcess(["--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: nexus");
  });
});

describe("without an API", () => {
  const commands = [
    "start",
    "status",
    "runs",
    "exceptions",
    "requeue cases",
    "waive cases --reason x",
    "pause",
    "report",
    "lineage cases 1",
    "search x --practice y",
    "backfill",
    "accounts",
    "accounts exceptions",
    "accounts requeue",
    "audit",
  ];
  it.each(commands)("nexus %s says where it looked, and ends with 3", async (line) => {
    const { code, stdout, stderr } = await nexusHere(line.split(" "), {
      NEXUS_API_URL: `http://127.0.0.1:${await freePort()}`,
      NEXUS_TOKEN: "s3cret",
    });
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(
      /^NEXUS_API_URL: no API answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\).*\n$/,
    );
    expect(stderr).not.toContain("s3cret");
  });

  it("a misspelt variable is named", async () => {
    const { code, stderr } = await nexusProcess(["status"], { NEXUS_TOKN: "x" });
    expect([code, stderr]).toEqual([2, "NEXUS_TOKN is unknown: did you mean NEXUS_TOKEN?\n"]);
  });
});

async function sessionsOf(url: string): Promise<number> {
  return await withPool({ url, max: 1, name: "test" }, async (pool) => {
    const { rowCount } = await pool.query(
      "select from pg_stat_activity where datname = current_database() and application_name = 'nexus-migrate'",
    );
    return rowCount ?? 0;
  });
}
