/** A row at which the connection to the source falls silent: a proxy between them chokes on it, and says nothing. */
import { freshDatabase, openLine } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { loaderUnderTest } from "./loader.fixture.ts";

/** Each silence lasts 5 s until it is noticed. */
it("is found, and rejected; the others are loaded", { timeout: 120_000 }, async (context) => {
  if (process.env["CHAOS_ROUNDS"] === undefined)
    context.skip("it takes a minute of silence: npm run chaos has it");
  const line = await openLine(await freshDatabase(context), { swallows: "choke on this" });
  context.onTestFinished(() => line.cut());
  const under = await loaderUnderTest(context, { legacyUrl: line.url, legacyStatementMs: 500 });
  await under.legacy.query(
    `insert into dispatch_office (id, name) values (1, 'one'), (2, 'choke on ' || 'this'), (3, 'three')`,
  );
  const { exceptions, ...loaded } = await under.load("practices", undefined, 4);
  expect(exceptions).toEqual(["2 unreadable_breaks_connection"]);
  expect(loaded).toMatchObject({ status: "done", error_code: null, read: 3, loaded: 2 });
});
