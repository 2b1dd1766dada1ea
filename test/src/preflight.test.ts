/** What `nexus preflight` itself says of a source and a target that are fit, and odd. */
import { freshLogin } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { openWard } from "./doctor/ward.ts";

it("nexus preflight says what is worth knowing of both databases, in lines and as JSON, and that they are ready", async (context) => {
  const ward = await openWard(context);
  const reader = await freshLogin(context, ward.env["LEGACY_URL"] ?? "");
  await ward.legacy.query(
    `alter table dispatch_project alter created_at type timestamp;
     alter table dispatch_office alter zip type integer using 94110;
     delete from pg_statistic where starelid = 'dispatch_template'::regclass;
     grant select on all tables in schema public to ${reader.username};
     alter role ${reader.username} connection limit 1`,
  );
  await ward.target.query(
    "alter table public.practices add constraint short check (length(name) < 200)",
  );
  const env = { LEGACY_URL: reader.href, LEGACY_TIMEZONE: "US/Pacific" };
  const { code, output } = await ward.nexus("preflight", env);
  expect(code, output).toBe(0);
  for (const line of [
    /^source: .*dispatch_office\.zip/m,
    /^source: .*without a zone.*US\/Pacific/m,
    /^source: never analysed: dispatch_template: /m,
    /^source: the limit of the role is 1 connections, which leaves 1 for us, /m,
    /^target: public\.practices: check short may reject rows$/m,
    /^both databases are ready, and so is the queue$/m,
  ])
    expect(output).toMatch(line);
  const notes = (of: string): string[] =>
    output
      .split("\n")
      .filter((line) => line.startsWith(`${of}: `))
      .map((line) => line.slice(of.length + 2));
  const json = await ward.nexus("preflight --json", env);
  expect(json.code).toBe(0);
  expect(JSON.parse(json.output)).toEqual({
    legacy: { ready: true, notes: notes("source") },
    target: { ready: true, notes: notes("target") },
    queue: { ready: true },
    warnings: [],
  });
});
