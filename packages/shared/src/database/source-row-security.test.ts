import { expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import { withPool } from "./pool.ts";
import { seeAllOrNone } from "./source-row-security.ts";
import { readOnly } from "./transaction.ts";

it("a policy that comes in the middle of a run ends what is read, instead of hiding rows from it", async (context) => {
  const url = await freshDatabase(context);
  const login = await freshLogin(context, url);
  const asOwner = (sql: string) =>
    withPool({ url, max: 1, name: "test" }, (owner) => owner.query(sql));
  await asOwner(
    `create table patients as select generate_series(1, 3) as id; grant select on patients to ${login.username}`,
  );
  await withPool({ url: login.href, max: 1, name: "test" }, async (reader) => {
    const read = () =>
      readOnly(
        reader,
        async (tx) => (await tx.query("select id from patients order by id")).rows.length,
      );
    seeAllOrNone(reader);
    expect(await read()).toBe(3);
    await asOwner(
      "alter table patients enable row level security; create policy part on patients using (id = 1)",
    );
    await expect(read()).rejects.toMatchObject({ code: "42501" });
    await asOwner(`alter role ${login.username} bypassrls`);
    expect(await read()).toBe(3);
  });
});
