import { entities } from "@nexus/catalog";
import { beforeEach, describe, expect, it } from "vitest";
import { ConfigurationError, UnavailableError } from "../config/failure.ts";
import { eventually } from "../testing/eventually.ts";
import { freshDatabase } from "../testing/fresh.ts";
import { freshLogin } from "../testing/login.ts";
import type { Pool } from "./pool.ts";
import { preflightLegacy } from "./preflight-legacy.ts";
import { failureOf, openSource, tablesThatAreNeeded } from "./source.fixture.ts";

let url: string;
let legacy: Pool;

beforeEach(async (context) => {
  url = await freshDatabase(context);
  legacy = openSource(url);
  await legacy.query(tablesThatAreNeeded());
  return () => legacy.end();
});

describe("the source", () => {
  it("passes when it has what the entities need, and gives its shape", async () => {
    const shape = await preflightLegacy(legacy, entities);
    expect(shape.has("dispatch_office", "name")).toBe(true);
    expect(shape.type("dispatch_office", "name")).toBe("text");
  });

  it("is refused without a needed table", async () => {
    await legacy.query("drop table dispatch_template");
    const failure = await failureOf(legacy);
    expect(failure).toBeInstanceOf(ConfigurationError);
    expect(String(failure)).toMatch(
      /LEGACY_URL \(.+\): tables missing: dispatch_template: point to/,
    );
  });

  it("is refused without a needed column, which is named with what needs it", async () => {
    await legacy.query("alter table dispatch_office drop column name");
    expect(String(await failureOf(legacy))).toMatch(/practices\.name .* dispatch_office\.name/);
  });

  it("is refused to a role that lacks SELECT on a table, with the grant to run", async (context) => {
    const login = await freshLogin(context, url);
    await legacy.query(
      `grant select on all tables in schema public to ${login.username};
       revoke select on dispatch_office, dispatch_state from ${login.username}`,
    );
    const reader = openSource(login.href);
    const failure = await failureOf(reader);
    await reader.end();
    expect(failure).toBeInstanceOf(ConfigurationError);
    for (const table of ["dispatch_office", "dispatch_state"])
      expect(String(failure)).toContain(
        `run "grant select on public.${table} to ${login.username}"`,
      );
    expect(String(failure)).not.toContain("dispatch_patient");
    expect(String(failure)).not.toContain("\n");
  });

  it("is refused to a role that may not even use the schema", async (context) => {
    const login = await freshLogin(context, url);
    await legacy.query("revoke usage on schema public from public");
    const reader = openSource(login.href);
    const failure = await failureOf(reader);
    await reader.end();
    expect(String(failure)).toContain(`run "grant usage on schema public to ${login.username}"`);
    expect(String(failure)).not.toContain("missing");
  });

  it("is looked for where a bare name finds it, in any schema of the search path", async () => {
    await legacy.query("create schema empty");
    const along = async (path: string): Promise<unknown> => {
      const at = new URL(url);
      at.searchParams.set("options", `-c search_path=${path}`);
      const reader = openSource(at.href);
      const failure = await failureOf(reader);
      await reader.end();
      return failure;
    };
    expect(await along("empty,public")).toBeUndefined();
    expect(String(await along("nowhere"))).toContain("tables missing: ");
  });

  it("is fit though somebody has locked a table, and that is said", async () => {
    await legacy.query("alter table dispatch_project enable row level security");
    const other = openSource(url);
    const holder = await other.connect();
    try {
      await holder.query("begin; lock table dispatch_project in access exclusive mode");
      const begun = Date.now();
      const { notes } = await preflightLegacy(legacy, entities);
      expect(Date.now() - begun).toBeLessThan(25_000);
      const [note] = notes.filter(({ code }) => code === "locked");
      expect(note?.says).toMatch(/that .*projects.* are read from is locked/);
      expect(note?.says).not.toMatch(/that practices|profiles/);
    } finally {
      await holder.query("rollback");
      holder.release();
      await other.end();
    }
  });

  it("is unavailable when its session ends while it is looked at", async () => {
    const other = openSource(url);
    const session = await other.connect();
    await session.query("begin; lock table pg_catalog.pg_attribute in access exclusive mode");
    const failure = failureOf(legacy);
    await eventually(async () => {
      const { rowCount } = await session.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()`,
      );
      return (rowCount ?? 0) > 0;
    });
    await session.query("rollback");
    session.release();
    await other.end();
    expect(await failure).toBeInstanceOf(UnavailableError);
    expect(String(await failure)).toMatch(
      /LEGACY_URL \(.+\): cannot be reached \(57P01\): it was shut down/,
    );
  });

  it("is unavailable when there is no such database", async () => {
    const nowhere = new URL(url);
    nowhere.pathname = "/no_such_database";
    const pool = openSource(nowhere.href);
    const failure = await failureOf(pool);
    await pool.end();
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(String(failure)).toContain("/no_such_database): cannot be reached (3D000)");
  });
});
