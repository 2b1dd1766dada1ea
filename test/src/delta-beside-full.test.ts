/** A delta beside a full run: whatever became of earlier runs, a full run that follows a delta finds nothing to write. */
import type { EntityProgress } from "@nexus/shared/ledger";
import { startPostgres, startRedis } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWhole, sourceRows, sum } from "./after-delta.ts";
import { type Journey, openJourney } from "./journey.ts";
import { oneDatabase } from "./one-database.ts";
import { expectSumsToClose } from "./outcomes.ts";

const postgres = await startPostgres();
const redis = await startRedis();

// Needs a server whose databases are ours; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found || !redis.found)("a delta", () => {
  let journey: Journey;

  beforeAll(async () => {
    if (!postgres.found || !redis.found) return;
    journey = await openJourney(oneDatabase(postgres, await redis.database()), {
      sample: { scale: 0.02, schema: "legacy" },
      env: { BATCH_ROWS: "50" },
    });
    await journey.target.query(
      "alter table public.workflow_templates add constraint no_refused check (name <> 'Refused')",
    );
    await journey.legacy.query(
      "update dispatch_template set task_name = 'Refused' where id in (select min(id) from dispatch_template)",
    );
    await journey.completed(await journey.begin({ skip: ["practices"] }));
  });
  afterAll(async () => {
    await journey?.close();
    if (postgres.found) await postgres.stop();
    if (redis.found) await redis.stop();
  });

  const run = async (mode: "full" | "delta"): Promise<readonly EntityProgress[]> => {
    const found = await journey.completed(await journey.begin({ mode }));
    expectSumsToClose(found);
    return found;
  };
  const delta = async (): Promise<readonly EntityProgress[]> => await run("delta");
  const nothingLeftToWrite = async (): Promise<void> => {
    const written = (await run("full"))
      .filter(({ inserted, updated }) => inserted + updated > 0)
      .map(({ entity, inserted, updated }) => ({ entity, inserted, updated }));
    expect(written).toEqual([]);
  };

  it("counts each row of the source once: read, or not", async () => {
    const found = await delta();
    expect(readWhole(found)).toEqual({ practices: "no_fingerprints" });
    expect(sum(found, "read") + sum(found, "unchanged")).toBe(await sourceRows(journey));
    await nothingLeftToWrite();
  });

  it("ends what was said of a row that the target refused and the source has deleted since", async () => {
    const open = async (): Promise<unknown> =>
      (
        await journey.target.query(
          "select legacy_id, reason from migration.exceptions where entity = 'workflow_templates' and resolved_at is null",
        )
      ).rows;
    await delta();
    expect(await open()).toMatchObject([{ reason: "check_violated" }]);
    await journey.legacy.query(
      `delete from dispatch_template_predecessors where (select id from dispatch_template where task_name = 'Refused') in (from_template_id, to_template_id)`,
    );
    await journey.legacy.query("delete from dispatch_template where task_name = 'Refused'");
    await delta();
    expect(await open()).toEqual([]);
    await nothingLeftToWrite();
  });

  it("reads again what a run has read that kept no fingerprints", async () => {
    const rename = (from: string, to: string) =>
      journey.legacy.query(
        `update dispatch_template set task_name = $2 where id in (select max(id) from dispatch_template where task_name = $1 or $1 = '')`,
        [from, to],
      );
    await rename("", "First");
    await delta();
    const [extractor] = journey.services.filter(({ name }) => name === "extractor").slice(-1);
    await extractor?.kill("SIGTERM");
    const other = await journey.start("extractor", { FINGERPRINTS: "off" });
    await rename("First", "Second");
    await run("full");
    await other.kill("SIGTERM");
    await journey.start("extractor");
    await rename("Second", "First");
    await delta();
    await nothingLeftToWrite();
  });
});
