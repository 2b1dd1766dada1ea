import { createHash } from "node:crypto";
import { entities } from "@nexus/catalog";
import { openPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { freshDatabase, remark, seedRun } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { needOf, reaches, ROLES } from "../access/roles.ts";
import { tokensVariable } from "../access/tokens.ts";
import { apiOn } from "../api-under-test.ts";
import { dice } from "../outlook/simulated-run.ts";
import { hostileRequests } from "./requests.ts";

const REQUESTS = Number(process.env["HOSTILE_REQUESTS"] ?? 1_000);
const CANARY = "canary-2718";
const callers = [...ROLES, undefined, "unknown"] as const;

it(`${REQUESTS} hostile requests cause no defect, show no patient and change nothing without a role`, async (context) => {
  const url = await freshDatabase(context);
  const target = openPool({ url, max: 4, name: "test", onError: () => undefined });
  context.onTestFinished(() => target.end());
  await migrateTarget({ target, entities });
  await target.query(`insert into public.practices (legacy_id, name) values (1, $1), (2, $1)`, [CANARY]);
  await seedRun(target, {
    status: "running",
    entities: {
      practices: { status: "complete", batches: [{ status: "done", rejected: [2], parked: [3] }] },
      patients: { status: "blocked", batches: [{ status: "failed" }] },
    },
  });
  const tokens = tokensVariable.schema.parse(ROLES.map((role) => `${role}:${role}:${sha256(role)}`).join());
  const api = apiOn(target, url, undefined, undefined, { tokens, requestsPerMinute: 1_000_000 });
  const random = dice(1);
  const requests = hostileRequests((await api.get("/openapi.json")).body, random);
  const statuses = new Map<number, number>();
  for (let sent = 0; sent < REQUESTS; sent++) {
    const request = requests.next().value;
    const caller = callers[Math.floor(random() * callers.length)];
    const { method, route, payload } = request;
    const headers = { ...request.headers, ...(caller && { authorization: `Bearer ${caller}` }) };
    const before = await changes();
    const sentAs = `${caller ?? "nobody"}: ${method} ${request.url.slice(0, 200)} ${payload?.slice(0, 200) ?? ""}`;
    const answer = await api.app.inject({
      method,
      url: request.url,
      headers,
      ...(payload === undefined ? {} : { payload }),
      payloadAsStream: true,
    });
    statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
    expect(answer.statusCode, sentAs).not.toBe(500);
    if (!route.endsWith("/stream")) expect(await textOf(answer.stream()), sentAs).not.toContain(CANARY);
    else answer.stream().destroy();
    const need = needOf(method, route.replaceAll(/\{(\w+)\}/g, ":$1"));
    const role = ROLES.find((one) => one === caller);
    const may = need === "public" || (need !== undefined && role !== undefined && reaches(role, need));
    if (!may) {
      expect(answer.statusCode, sentAs).toBeGreaterThanOrEqual(400);
      expect(await changes(), sentAs).toBe(before);
    }
  }
  remark(
    "measured",
    `hostile requests: ${REQUESTS}, by status ${JSON.stringify(Object.fromEntries(statuses))}`,
  );
  expect(statuses.get(200), "some of them reach what they ask for").toBeGreaterThan(REQUESTS / 20);
  const { rows } = await target.query<{ actor: string }>("select distinct actor from migration.audit_log");
  expect(["admin", "operator"]).toEqual(expect.arrayContaining(rows.map(({ actor }) => actor)));

  async function changes(): Promise<string> {
    const { rows } = await target.query<{ state: string }>(
      `select concat_ws(' ', (select count(*) from migration.audit_log), (select count(*) from migration.runs),
           (select count(*) from migration.idempotency_keys), (select string_agg(status, ',' order by id) from migration.batches),
           (select count(*) from migration.content_events)) as state`,
    );
    return rows[0]?.state ?? "";
  }
}, 900_000);

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.toString();
  return text;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
