import { createHash } from "node:crypto";
import { entities } from "@nexus/catalog";
import { openPool, type Pool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { freshDatabase, remark, seedRun } from "@nexus/shared/testing";
import { expect, it, type TestContext } from "vitest";
import { needOf, reaches, type Role, ROLES } from "../access/roles.ts";
import { tokensVariable } from "../access/tokens.ts";
import { apiOn, type ApiUnderTest } from "../api.fixture.ts";
import { dice } from "../outlook/simulated-run.fixture.ts";
import { memoryKept } from "./memory.fixture.ts";
import { type HostileRequest, hostileRequests } from "./requests.fixture.ts";

/** `npm run hostile` sends ten times as many. */
const REQUESTS = Number(process.env["HOSTILE_REQUESTS"] ?? 1_000);
const CANARY = "canary-2718";
const callers = [...ROLES, "nobody", "unknown"] as const;

it(`${REQUESTS} hostile requests cause no defect, show no patient and change nothing without a role`, async (context) => {
  const api = await hostileWorld(context);
  const random = dice(1);
  const requests = hostileRequests((await api.get("/openapi.json")).body, random);
  const statuses: Record<number, number> = {};
  let keptAtHalf = 0;
  for (let sent = 0; sent < REQUESTS; sent++) {
    if (sent === Math.floor(REQUESTS / 2)) keptAtHalf = memoryKept();
    const request = requests.next().value;
    const caller = callers[Math.floor(random() * callers.length)] ?? "nobody";
    const status = await send(api, request, caller);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  const grown = (memoryKept() - keptAtHalf) / 2 ** 20;
  remark(
    "measured",
    `memory after the second half of them: ${grown.toFixed(1)} MiB more than before`,
  );
  expect(grown, "MiB that the second half of them leaves behind").toBeLessThan(16);
  remark("measured", `hostile requests: ${REQUESTS}, by status ${JSON.stringify(statuses)}`);
  expect(statuses[200], "some of them reach what they ask for").toBeGreaterThan(REQUESTS / 20);
  const { rows } = await api.target.query<{ actor: string }>(
    "select distinct actor from migration.audit_log",
  );
  expect(["admin", "operator"]).toEqual(expect.arrayContaining(rows.map(({ actor }) => actor)));
}, 900_000);

/** A target with patients in it, a run in its middle, and a token for each role. */
async function hostileWorld(context: TestContext): Promise<ApiUnderTest> {
  const url = await freshDatabase(context);
  const target = openPool({ url, max: 4, name: "test", onError: () => undefined });
  context.onTestFinished(() => target.end());
  await migrateTarget({ target, entities });
  await target.query(
    `with practice as (insert into public.practices (legacy_id, name) values (1, $1), (2, $1))
     insert into public.patients (legacy_id, first_name, last_name) values (1, $1, $1), (2, $1, $1)`,
    [CANARY],
  );
  await seedRun(target, {
    status: "running",
    entities: {
      practices: { status: "complete", batches: [{ status: "done", rejected: [2], parked: [3] }] },
      patients: { status: "blocked", batches: [{ status: "failed" }] },
    },
  });
  const tokens = tokensVariable.schema.parse(
    ROLES.map((role) => `${role}:${role}:${sha256(role)}`).join(","),
  );
  return apiOn(target, url, undefined, undefined, { tokens, requestsPerMinute: 1_000_000 });
}

/** Sends it and looks at what came of it. */
async function send(
  api: ApiUnderTest,
  request: HostileRequest,
  caller: Role | "nobody" | "unknown",
): Promise<number> {
  const { method, route, url, payload } = request;
  const headers = {
    ...request.headers,
    ...(caller === "nobody" ? {} : { authorization: `Bearer ${caller}` }),
  };
  const sent = `${caller}: ${method} ${url.slice(0, 200)} ${payload?.slice(0, 200) ?? ""}`;
  const before = await stateOf(api.target);
  const body = payload === undefined ? {} : { payload };
  const answer = await api.app.inject({ method, url, headers, ...body, payloadAsStream: true });
  const text = route.endsWith("/stream")
    ? void answer.stream().destroy()
    : await textOf(answer.stream());
  expect(answer.statusCode, sent).not.toBe(500);
  expect(text ?? "", sent).not.toContain(CANARY);
  if (!may(caller, request)) {
    expect(answer.statusCode, sent).toBeGreaterThanOrEqual(400);
    expect(await stateOf(api.target), sent).toBe(before);
  }
  return answer.statusCode;
}

function may(caller: Role | "nobody" | "unknown", { method, route }: HostileRequest): boolean {
  const need = needOf(method, route.replaceAll(/\{(\w+)\}/g, ":$1"));
  if (need === undefined || need === "public") return need === "public";
  return caller !== "nobody" && caller !== "unknown" && reaches(caller, need);
}

async function stateOf(target: Pool): Promise<string | undefined> {
  const { rows } = await target.query<{ state: string }>(
    `select concat_ws(' ', (select count(*) from migration.audit_log), (select count(*) from migration.runs),
       (select count(*) from migration.idempotency_keys), (select string_agg(status, ',' order by id) from migration.batches),
       (select count(*) from migration.content_events)) as state`,
  );
  return rows[0]?.state;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.toString();
  return text;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
