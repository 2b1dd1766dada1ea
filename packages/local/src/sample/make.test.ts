import { describe, expect, it } from "vitest";
import { canaryPattern } from "./canaries.ts";
import { counts } from "./counts.ts";
import { makeSample } from "./make.ts";
import { tablesOf, type Shape } from "./script.ts";
import { fingerprint, numberOf, openTrial, sampleTemplate } from "./trial-database.ts";

const shapes: Shape[] = ["real", "reported"];
const small = { scale: 0.02, seed: 7 } as const;

describe.each(shapes)("the %s sample", (shape) => {
  const template = sampleTemplate(`sample_${shape}`, { shape, ...small });

  it("holds the promised rows", async (context) => {
    const db = await openTrial(context, template);
    const rows = counts(small.scale);
    const actual = (table: string): Promise<number> =>
      numberOf(db, `select count(*) from ${table}`);
    expect(await actual("auth_user")).toBe(rows.users);
    expect(await actual("dispatch_office")).toBe(rows.offices);
    expect(await actual("dispatch_office_doctors")).toBe(rows.links);
    expect(await actual("dispatch_patient")).toBe(rows.patients);
    expect(await actual("dispatch_project")).toBe(rows.projects);
    expect(await actual("dispatch_state")).toBe(rows.states);
    expect(await actual("dispatch_template")).toBe(rows.templates);
  });

  it("is the same for the same seed and another for another seed", async (context) => {
    const db = await openTrial(context, template);
    await makeSample({ client: db, shape, schema: "again", ...small });
    await makeSample({ client: db, shape, schema: "other", ...small, seed: 8 });
    const digests = await fingerprint(db, "public");
    expect(await fingerprint(db, "again")).toEqual(digests);
    expect((await fingerprint(db, "other"))["auth_user"]).not.toEqual(digests["auth_user"]);
  });

  it("has valid foreign keys, gaps in its ids and sequences behind the last id", async (context) => {
    const db = await openTrial(context, template);
    const valid =
      "select count(*) filter (where convalidated) from pg_constraint where contype = 'f'";
    expect(await numberOf(db, valid)).toBeGreaterThan(8);
    const gaps = "select max(id) - min(id) + 1 - count(*) from dispatch_project";
    expect(await numberOf(db, gaps)).toBeGreaterThan(100);
    const next = "select nextval('dispatch_project_id_seq') - max(id) from dispatch_project";
    expect(await numberOf(db, next)).toBe(1);
  });

  it("refuses tables that are there, and replaces them when asked", async (context) => {
    const db = await openTrial(context, template);
    await expect(makeSample({ client: db, shape, ...small })).rejects.toThrow(/already has auth/);
    await makeSample({ client: db, shape, ...small, scale: 0.001, existing: "drop" });
    expect(await numberOf(db, "select count(*) from auth_user")).toBe(counts(0.001).users);
  });

  it("leaves nothing but its tables", async (context) => {
    const db = await openTrial(context, template);
    expect(Object.keys(await fingerprint(db, "public"))).toEqual(tablesOf(shape).sort());
    const schemas = "select count(*) from pg_namespace where nspname = 'sample_tools'";
    expect(await numberOf(db, schemas)).toBe(0);
    const functions = "select count(*) from pg_proc where pronamespace = 'public'::regnamespace";
    expect(await numberOf(db, functions)).toBe(0);
  });

  it("marks every text column when asked for canaries", async (context) => {
    const db = await openTrial(context);
    await makeSample({ client: db, shape, ...small, markers: "canaries" });
    const { rows } = await db.query<{ t: string; c: string }>(
      "select table_name as t, column_name as c from information_schema.columns where table_schema = 'public' and data_type in ('text', 'character varying')",
    );
    expect(rows.length).toBeGreaterThan(15);
    for (const { t, c } of rows) {
      const { rows: values } = await db.query<{ value: string }>(
        `select "${c}" as value from "${t}"`,
      );
      const marked = values.filter(({ value }) => canaryPattern.test(value));
      expect.soft(marked.length, `${t}.${c}`).toBeGreaterThan(1);
    }
  });

  it("marks as many rows as it is asked to", async (context) => {
    const db = await openTrial(context);
    await makeSample({ client: db, shape, ...small, markers: "canaries", marked: 30 });
    expect(
      await numberOf(db, "select count(*) from auth_user where email ~ 'CANARY-auth_user-email'"),
    ).toBe(30);
  });

  it("has links that point nowhere when asked for dangling ones", async (context) => {
    const db = await openTrial(context);
    await makeSample({ client: db, shape, ...small, dirt: "dangling" });
    const lost = (table: string, link: string): Promise<number> =>
      numberOf(db, `select count(*) from ${table} where ${link} > 900000000`);
    expect(await lost("dispatch_patient", "user_id")).toBe(3);
    expect(await lost("dispatch_project", "creator_id")).toBe(3);
    expect(await lost("dispatch_state", shape === "real" ? "instruction_id" : "project_id")).toBe(
      3,
    );
    expect(await lost("dispatch_office_doctors", "office_id")).toBe(3);
  });

  it("can be made at a scale that leaves three rows a table", async (context) => {
    const db = await openTrial(context);
    await makeSample({ client: db, shape, scale: 0.000_01, seed: 3 });
    expect(await numberOf(db, "select count(*) from dispatch_project")).toBe(3);
  });
});
