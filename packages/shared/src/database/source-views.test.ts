/** Views in place of tables: what stands behind them may be kept from us, though they are granted. */
import { describe, expect, it } from "vitest";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import { failureOf, look } from "./source.fixture.ts";

const login = async (context: TestContext, url: string): Promise<string> =>
  (await freshLogin(context, url)).username;

const SELF = "do $$ begin execute format('grant all on schema %I to ";
const given = (view: string, owner: string): string =>
  `${SELF}${owner}', current_schema()); end $$; alter view ${view} owner to ${owner};`;

const RENAMED = "alter table dispatch_patient rename to kept;";
const OTHERS_POLICY =
  "create table other (id integer); alter table other enable row level security;";

describe("a view whose owner may not read its table", () => {
  it.for([
    { where: "alone", more: "", nested: false },
    { where: "beside row level security of another table", more: OTHERS_POLICY, nested: false },
    { where: "behind another view", more: "", nested: true },
  ])("is refused with the grant that it needs, $where", async ({ more, nested }, context) => {
    const url = await freshDatabase(context);
    const reader = await login(context, url);
    const owner = await login(context, url);
    const views = nested
      ? `create view between as select * from kept; create view dispatch_patient as select * from between; ${given("between", owner)}`
      : `create view dispatch_patient as select * from kept; ${given("dispatch_patient", owner)}`;
    await look(
      url,
      `${RENAMED} ${views} ${more}`,
      async (legacy) => {
        const failure = String(await failureOf(legacy));
        expect(failure).toMatch(
          /^ConfigurationError: LEGACY_URL \(.+\): dispatch_patient is a view/,
        );
        expect(failure).toMatch(
          new RegExp(`behind it is kept from us: run "grant select on \\w+\\.kept to ${owner}"$`),
        );
        expect(failure).not.toContain("row level security");
      },
      reader,
    );
  });
});

describe("a view with a function that we may not execute", () => {
  it("is refused with the grant that it needs", async (context) => {
    const url = await freshDatabase(context);
    const reader = await login(context, url);
    await look(
      url,
      `${RENAMED} create function shown(integer) returns text language plpgsql as 'begin return $1; end';
       revoke execute on function shown(integer) from public;
       create view dispatch_patient as select kept.*, shown(id) as shown from kept;`,
      async (legacy) =>
        expect(String(await failureOf(legacy))).toMatch(
          new RegExp(
            `dispatch_patient is a view, and what stands behind it is kept from us: run "grant execute on function shown\\(integer\\) to ${reader}"$`,
          ),
        ),
      reader,
    );
  });
});
