/** Bytes of a source that mean nothing in its encoding cost a row of the twins what they cost one of the loader, and no more. */
import type { Shape } from "@nexus/local/sample";
import { openPool, type Pool, withPool } from "@nexus/shared/database";
import { type RunningStack, stacks } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Beside, besideTheTwins } from "./beside-the-twin.ts";
import { type Account, accountOf, differencesOf, forecastOf } from "./forecast-and-run.ts";
import { type Journey, openJourney } from "./journey.ts";

interface Source {
  readonly encoding: string;
  readonly shape: Shape;
  readonly env: Readonly<Record<string, string>>;
  /** What some rows cost, so that the source is one. */
  readonly costs: string;
}

const REPAIR = { LEGACY_UNREADABLE_TEXT: "repair" };
const TOLD = { LEGACY_ENCODING: "windows-1252" };
const REJECTED = "rejected unreadable_text";

const SOURCES: readonly Source[] = [
  { encoding: "SQL_ASCII", shape: "real", env: {}, costs: REJECTED },
  { encoding: "WIN1252", shape: "reported", env: REPAIR, costs: "note text_repaired:name" },
  { encoding: "WIN1252", shape: "real", env: {}, costs: REJECTED },
  {
    encoding: "SQL_ASCII",
    shape: "real",
    env: REPAIR,
    costs: "note text_repaired:user_first_name",
  },
  { encoding: "SQL_ASCII", shape: "reported", env: {}, costs: REJECTED },
  { encoding: "SQL_ASCII", shape: "real", env: TOLD, costs: REJECTED },
  { encoding: "LATIN1", shape: "real", env: {}, costs: "note encoding_doubtful:name" },
  { encoding: "LATIN1", shape: "real", env: TOLD, costs: REJECTED },
  { encoding: "UTF8", shape: "real", env: TOLD, costs: REJECTED },
];

/** All of them in the long form (`npm run proof`). */
const sources = process.env["PROOF_SOURCES"] === undefined ? SOURCES.slice(0, 2) : SOURCES;

describe.each(stacks())("on $name", (stack) => {
  describe.each(sources)(
    "a source of the $shape shape in $encoding with $env",
    ({ encoding, shape, env, costs }) => {
      let journey: Journey;
      let legacy: Pool;
      let forecast: Account;
      let account: Account;
      let found: readonly string[];
      let beside: Beside;

      beforeAll(async () => {
        journey = await openJourney(stack, {
          sample: { scale: 0.01, shape, seed: 5 },
          env,
          prepare: async (running) => ({ LEGACY_URL: await storedIn(encoding, running) }),
          run: { lossPercent: 100 },
        });
        const url = urlIn(encoding, journey.stack);
        legacy = openPool({ url, max: 3, name: "nexus-test", onError: () => undefined });
        forecast = await forecastOf(journey);
        const runId = await journey.begin();
        account = await accountOf(journey, runId, await journey.completed(runId));
        found = await differencesOf(journey);
        beside = await besideTheTwins({ ...journey, legacy }, runId, undefined, {
          stored: env["LEGACY_ENCODING"],
          unreadable: env === REPAIR ? "repair" : "reject",
        });
      });
      afterAll(async () => {
        await legacy?.end();
        await journey?.close();
      });

      it("is expected cell by cell, outcome by outcome, note by note", () => {
        expect(beside.differences.slice(0, 40)).toEqual([]);
      });

      it("is forecast as it is loaded, and verified without a difference", () => {
        expect(forecast).toEqual(account);
        expect(found.slice(0, 40)).toEqual([]);
        expect(Object.keys(account).map((what) => what.replace(/^\w+ /, ""))).toContain(costs);
      });
    },
  );
});

function urlIn(encoding: string, { legacyUrl }: RunningStack): string {
  const url = new URL(legacyUrl);
  url.pathname += `_${encoding.toLowerCase()}`;
  return url.href;
}

/** Columns of text of which some rows get a byte more: 0xE9 is no UTF-8, 0x81 nothing of Windows. */
const GARBLED = [
  "auth_user.first_name",
  "dispatch_office.name",
  "dispatch_patient.last_name",
  "dispatch_patient.schemes",
  "dispatch_project.name",
  "dispatch_project.status",
  "dispatch_instruction.notes",
  "dispatch_state.status",
  "dispatch_template.task_name",
  "dispatch_category.name",
];

/** The source's tables in a database of another encoding: the bytes of UTF-8, whatever they mean there. Returns its URL. */
async function storedIn(encoding: string, running: RunningStack): Promise<string> {
  const url = urlIn(encoding, running);
  const name = new URL(url).pathname.slice(1);
  await withPool({ url: running.legacyUrl, max: 1, name: "nexus-test" }, async (source) => {
    await source.query(
      `create database ${name} encoding '${encoding}' lc_collate 'C' lc_ctype 'C' template template0`,
    );
    await withPool({ url, max: 1, name: "nexus-test" }, async (stored) => {
      await stored.query(`set client_encoding = '${encoding}'`);
      for (const table of await tablesOf(source)) await copy(source, stored, table);
      await stored.query(
        `set client_encoding = 'UTF8'; ${GARBLED.map((column) => garble(column, encoding)).join(";")}`,
      );
    });
  });
  return url;
}

async function tablesOf(source: Pool): Promise<string[]> {
  const { rows } = await source.query<{ name: string }>(
    "select tablename::text as name from pg_tables where schemaname = 'public' order by 1",
  );
  return rows.map(({ name }) => name);
}

/** Columns of the same types, its key, and all rows. */
async function copy(source: Pool, stored: Pool, table: string): Promise<void> {
  const { rows: columns } = await source.query<{ declared: string }>(
    `select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum) as declared
     from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  );
  await stored.query(`create table ${table} (${columns[0]?.declared}, primary key (id))`);
  const { rows } = await source.query<{ all: string }>(
    `select coalesce(json_agg(t), '[]')::text as all from ${table} t`,
  );
  await stored.query(
    `insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)`,
    [rows[0]?.all],
  );
}

/** A column that is not there, or holds no text, stays as it is. */
function garble(column: string, encoding: string): string {
  const [table, name] = column.split(".");
  const byte = encoding === "SQL_ASCII" ? 233 : 129;
  return `do $$ begin
    update ${table} set ${name} = left(${name}, 3) || chr(${byte}) where id % 7 = 0;
    exception when undefined_function or undefined_table or undefined_column or datatype_mismatch or invalid_text_representation then null; end $$`;
}
