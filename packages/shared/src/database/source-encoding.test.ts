/** What preflight says of the encoding of a source. */
import { entities } from "@nexus/catalog";
import { expect, it } from "vitest";
import type { SourceRules } from "../config/database-variables.ts";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import type { Pool } from "./pool.ts";
import { preflightLegacy } from "./preflight-legacy.ts";
import { openSource, tablesThatAreNeeded } from "./source.fixture.ts";

/** A source of that encoding, dropped after the test. */
async function sourceIn(context: TestContext, encoding: string): Promise<Pool> {
  const url = new URL(await freshDatabase(context));
  const name = `${url.pathname.slice(1)}_${encoding.toLowerCase()}`;
  const admin = openSource(url.href);
  await admin.query(`create database ${name} encoding '${encoding}' locale 'C' template template0`);
  url.pathname = `/${name}`;
  const legacy = openSource(url.href);
  context.onTestFinished(async () => {
    await legacy.end();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });
  await legacy.query(tablesThatAreNeeded());
  return legacy;
}

async function said(legacy: Pool, rules?: SourceRules): Promise<string[]> {
  const { notes } = await preflightLegacy(legacy, entities, rules);
  return notes.filter(({ code }) => code === "encoding_told").map(({ says }) => says);
}

it.for([
  ["SQL_ASCII", /^the server checks no text \(SQL_ASCII\): .*set LEGACY_ENCODING/],
  [
    "WIN1252",
    /^text is stored in WIN1252; what has no counterpart is rejected as unreadable_text$/,
  ],
  ["LATIN1", /^text is stored in LATIN1; .*set LEGACY_ENCODING=windows-1252 if there are such$/],
] as const)("%s is said, with what it means for text", async ([encoding, says], context) => {
  const legacy = await sourceIn(context, encoding);
  expect(await said(legacy)).toEqual([expect.stringMatching(says)]);
  expect(await said(legacy, { LEGACY_ENCODING: "iso-8859-15" })).toEqual([
    `text is stored in iso-8859-15, as LEGACY_ENCODING says, whatever ${encoding} means`,
  ]);
});
