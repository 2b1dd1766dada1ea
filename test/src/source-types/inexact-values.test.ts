/** What is no value of a field is never taken for one, and costs its row only. */
import { entities, type Outcome, tablesRead, unfitColumns } from "@nexus/catalog";
import { makeSample } from "@nexus/local/sample";
import { type Pool, readSourceShape } from "@nexus/shared/database";
import { startPostgres } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alter, openSource, outcomesOf, rolledBack } from "./reading.ts";

const postgres = await startPostgres();
afterAll(async () => {
  if (postgres.found) await postgres.stop();
});

let legacy: Pool;

/** Values that no conversion may take for something that they are not, and what becomes of the row. */
const INEXACT = [
  {
    entity: "projects",
    column: "size",
    to: "numeric",
    value: "12.5",
    becomes: /unreadable|cannot be read in size/,
  },
  {
    entity: "projects",
    column: "size",
    to: "text",
    value: "'12 kB'",
    becomes: /cannot be read in size/,
  },
  {
    entity: "projects",
    column: "creator_id",
    to: "numeric",
    value: "1.5",
    becomes: /cannot be read in creator_id/,
  },
  {
    entity: "projects",
    column: "creator_id",
    to: "numeric",
    value: "'NaN'",
    becomes: /cannot be read in creator_id/,
  },
  {
    entity: "projects",
    column: "creator_id",
    to: "numeric",
    value: "1e100",
    becomes: /cannot be read in creator_id/,
  },
  {
    entity: "projects",
    column: "creator_id",
    to: "text",
    value: "'1a'",
    becomes: /cannot be read in creator_id/,
  },
  {
    entity: "projects",
    column: "creator_id",
    to: "float8",
    value: "'infinity'",
    becomes: /cannot be read in creator_id/,
  },
  {
    entity: "projects",
    column: "type",
    to: "numeric",
    value: "3.5",
    becomes: /cannot be read in type/,
  },
  {
    entity: "projects",
    column: "public",
    to: "smallint",
    value: "2",
    becomes: /cannot be read in public/,
  },
  {
    entity: "projects",
    column: "public",
    to: "text",
    value: "'perhaps'",
    becomes: /cannot be read in public/,
  },
  {
    entity: "projects",
    column: "created_at",
    to: "text",
    value: "'2019-02-29 10:00'",
    becomes: /date_invalid created_at/,
  },
  {
    entity: "projects",
    column: "created_at",
    to: "text",
    value: "'01/02/2019'",
    becomes: /date_invalid created_at/,
  },
  { entity: "projects", column: "created_at", to: "text", value: "''", becomes: /^loaded $/ },
  { entity: "projects", column: "creator_id", to: "text", value: "' '", becomes: /^loaded $/ },
  {
    entity: "projects",
    column: "created_at",
    to: "text",
    value: "'infinity'",
    becomes: /date_out_of_range created_at/,
  },
] as const;

describe.skipIf(!postgres.found)("a value that has no exact counterpart", () => {
  beforeAll(async () => {
    if (!postgres.found) return;
    const url = await postgres.database("inexact");
    legacy = openSource(url);
    await makeSample({ url, scale: 0.002, seed: 7, shape: "real" });
  }, 60_000);
  afterAll(() => legacy?.end());

  it.each(INEXACT)(
    "$value in $column of type $to: $becomes",
    async ({ entity, column, to, value, becomes }) => {
      const rows = await rolledBack(legacy, async (tx) => {
        await alter(tx, {
          columns: `dispatch_project.${column}`,
          to,
          using: column === "public" ? "$::int" : "$",
        });
        await tx.query(
          `update dispatch_project set ${column} = ${value} where id = (select min(id) from dispatch_project)`,
        );
        return (await outcomesOf(tx, "UTC"))[entity] ?? [];
      });
      expect(said(rows[0])).toMatch(becomes);
      expect(
        rows
          .slice(1)
          .map(said)
          .filter((outcome) => !outcome.startsWith("loaded")),
      ).toEqual([]);
    },
  );

  it("of a type that cannot be read is named with the types that can", async () => {
    const unfit = await rolledBack(legacy, async (tx) => {
      await alter(tx, {
        columns: "dispatch_template.id",
        to: "varchar(36)",
        before: "alter table dispatch_template alter id drop default",
      });
      await alter(tx, { columns: "dispatch_office.zip", to: "bytea", using: "$::bytea" });
      const shape = await readSourceShape(tx);
      return unfitColumns(shape, [
        ...new Set(entities.flatMap((entity) => tablesRead(entity, shape))),
      ]);
    });
    expect(unfit).toEqual([
      expect.objectContaining({ table: "dispatch_office", column: "zip", type: "bytea" }),
      expect.objectContaining({
        table: "dispatch_template",
        column: "id",
        type: "character varying(36)",
      }),
    ]);
  });
});

function said(outcome: Outcome | string | undefined): string {
  if (outcome === undefined || typeof outcome === "string") return String(outcome);
  const notes =
    outcome.kind === "loaded" ? outcome.notes.map(({ code, column }) => `${code} ${column}`) : [];
  return `${outcome.kind} ${notes.join(", ")}`;
}
