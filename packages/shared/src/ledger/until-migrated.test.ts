import { freshDatabase, freshLogin } from "../testing/index.ts";
import { describe, expect, it } from "vitest";
import { openPool } from "../database/pool.ts";
import { applyVersions } from "../database/schema-versions.ts";
import { untilMigrated } from "./until-migrated.ts";

describe("waiting for a migration", () => {
  it("ends when the last version is there, and says what is lacking when the time is over", async (context) => {
    const target = openPool({
      url: await freshDatabase(context),
      max: 1,
      name: "test",
      onError: () => undefined,
    });
    context.onTestFinished(() => target.end());
    await expect(untilMigrated(target, 0)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/not migrated to this release \(\d{3}-.*\.sql\)/),
    });
    await applyVersions(target);
    await expect(untilMigrated(target, 0)).resolves.toBeUndefined();
    await target.query("insert into migration.schema_versions (name) values ('999-later.sql')");
    await expect(untilMigrated(target, 1)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("a newer release (999-later.sql)"),
    });
  });

  it("ends where waiting does not help: the ledger is another role's", async (context) => {
    const url = await freshDatabase(context);
    const login = await freshLogin(context, url);
    const owner = openPool({ url, max: 1, name: "test", onError: () => undefined });
    const other = openPool({ url: login.href, max: 1, name: "test", onError: () => undefined });
    await applyVersions(owner);
    await expect(untilMigrated(other, 1)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^TARGET_URL \(.+\): schema migration belongs to role /),
    });
    await Promise.all([owner.end(), other.end()]);
  });

  it("takes a target that is away for one that is late", async () => {
    const url = "postgres://u:s3cret@127.0.0.1:1/db";
    const target = openPool({ url, max: 1, name: "test", onError: () => undefined });
    await expect(untilMigrated(target, 0)).rejects.toThrow("cannot be reached after 0 min");
    await target.end();
  });
});
