/** Publications of the target: a row of a published table can only be changed where the table says how others know the row. */
import { entities } from "@nexus/catalog";
import { expect, it } from "vitest";
import { ConfigurationError } from "../config/failure.ts";
import { preflightTarget } from "../database/preflight-target.ts";
import { freshTarget } from "../testing/index.ts";

it.for([
  {
    what: "a published table without a replica identity",
    sql: "alter table public.cases replica identity nothing; create publication feed for all tables",
    says: /publication feed publishes changes of public\.cases, .*: run "alter table public\.cases replica identity default"/,
  },
  {
    what: "the same of a publication of that table only, and of updates only",
    sql: `alter table public.cases replica identity nothing;
      create publication feed for table public.cases with (publish = 'update')`,
    says: /publication feed publishes changes of public\.cases, /,
  },
  {
    what: "a table of the ledger, in two publications",
    sql: `alter table migration.batches replica identity nothing; create publication feed for all tables;
      create publication "Other Feed" for tables in schema migration`,
    says: /publications "Other Feed", feed publish changes of migration\.batches, /,
  },
  {
    what: "an identity whose index is gone",
    sql: `create unique index gone on public.cases (id); alter table public.cases replica identity using index gone;
      drop index gone; create publication feed for all tables`,
    says: /publication feed publishes changes of public\.cases, /,
  },
])("is refused: $what", async ({ sql, says }, context) => {
  const target = await freshTarget(context);
  await target.query(sql);
  const failure = await preflightTarget(target, entities).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigurationError);
  expect(String(failure)).toMatch(says);
});

it.for([
  { what: "all tables as they are migrated", sql: "create publication feed for all tables" },
  {
    what: "inserts only",
    sql: `alter table public.cases replica identity nothing;
      create publication feed for all tables with (publish = 'insert, truncate')`,
  },
  {
    what: "other tables",
    sql: `alter table public.cases replica identity nothing; create publication feed for table public.patients`,
  },
  {
    what: "whole rows",
    sql: "alter table public.cases replica identity full; create publication feed for all tables",
  },
])("is fit: a publication of $what", async ({ sql }, context) => {
  const target = await freshTarget(context);
  await target.query(sql);
  await expect(preflightTarget(target, entities)).resolves.toBeUndefined();
  await target.query("delete from migration.dify_datasets; delete from migration.dify_documents");
});
