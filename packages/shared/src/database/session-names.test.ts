import { describe, expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { openPool } from "./pool.ts";

const NAME = "select current_setting('application_name') as name";

function called(url: string, more: Record<string, string>): string {
  const place = new URL(url);
  for (const [name, value] of Object.entries(more)) place.searchParams.set(name, value);
  return place.href;
}

describe("a session of ours", () => {
  it.for([
    ["its URL", { application_name: "crm" }],
    ["the options of its URL", { options: "-c application_name=crm" }],
  ] as const)("has our name, whatever %s calls it", async ([, more], context) => {
    const url = called(await freshDatabase(context), more);
    const given = { url, max: 1, name: "nexus-test", onError: () => undefined };
    for (const pool of [openPool(given), openPool({ ...given, reread: () => `${url}&ssl=0` })]) {
      const { rows } = await pool.query(NAME);
      await pool.end();
      expect(rows).toEqual([{ name: "nexus-test" }]);
    }
  });
});
