import { expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { sharedDatabases } from "./same-database.ts";

it("a source that shares its database with the target or the queue is told, whatever its URLs look like", async (context) => {
  const [LEGACY_URL, other] = [await freshDatabase(context), await freshDatabase(context)];
  const again = new URL(LEGACY_URL);
  again.searchParams.set("options", "-c search_path=legacy -c TimeZone=US/Pacific");
  expect(await sharedDatabases({ LEGACY_URL, TARGET_URL: other, QUEUE_URL: other })).toEqual([]);
  expect(await sharedDatabases({ LEGACY_URL, TARGET_URL: again.href, QUEUE_URL: other })).toEqual([
    {
      code: "source_is_target",
      says: expect.stringMatching(
        /^TARGET_URL leads to the database of LEGACY_URL: `nexus migrate`/,
      ),
    },
  ]);
  const queue = { LEGACY_URL, TARGET_URL: other, QUEUE_URL: again.href };
  expect(await sharedDatabases(queue)).toMatchObject([
    { says: expect.stringMatching(/^QUEUE_URL leads to the database of LEGACY_URL/) },
  ]);
});

it("who does not answer, or is not set, shares nothing that could be told", async (context) => {
  const LEGACY_URL = await freshDatabase(context);
  const away = "postgres://nobody@127.0.0.1:1/nowhere";
  expect(await sharedDatabases({ LEGACY_URL, TARGET_URL: away })).toEqual([]);
  expect(await sharedDatabases({ LEGACY_URL, QUEUE_URL: "redis://127.0.0.1:1" })).toEqual([]);
  expect(await sharedDatabases({ TARGET_URL: LEGACY_URL })).toEqual([]);
});
