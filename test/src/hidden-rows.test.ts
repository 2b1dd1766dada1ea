/** A source whose row level security hides rows from our role: nothing is begun, unless somebody says that the visible rows are all that is wanted. */
import { randomBytes } from "node:crypto";
import { withPool } from "@nexus/shared/database";
import {
  eventually,
  type RunningStack,
  type ServiceProcess,
  spawnService,
  stacks,
} from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Journey, openJourney } from "./journey.ts";
import { exceptionsOf, expectSumsToClose, keys } from "./outcomes.ts";

const READER = `nexus_reader_${randomBytes(4).toString("hex")}`;
const POLICY = `alter table dispatch_patient enable row level security;
  create policy part on dispatch_patient to ${READER} using (id % 3 <> 0)`;
const VISIBLE = "select id from dispatch_patient where id % 3 <> 0";
const REFUSAL = `row level security keeps rows of dispatch_patient from role ${READER}: run "alter role ${READER} bypassrls"`;

describe.each(stacks())("a policy that hides patients, on $name", (stack) => {
  let journey: Journey;

  beforeAll(async () => {
    journey = await openJourney(stack, {
      sample: { scale: 0.01 },
      prepare: asReader,
      // The owner of the source, who asks, sees the hidden ones.
      brokenByHand: ["every_key_has_an_outcome"],
    });
    await journey.legacy.query(POLICY);
  });
  afterAll(async () => {
    await journey?.legacy.query(`drop owned by ${READER}; drop role ${READER}`);
    await journey?.close();
  });

  it("ends a run before it begins, in services that started before it", async () => {
    const runId = await journey.begin();
    const { rows } = await eventually(
      () =>
        journey.target.query(
          "select error_code from migration.runs where status = 'failed' and id = $1",
          [runId],
        ),
      { until: (failed) => failed.rows.length > 0 },
    );
    expect(rows).toEqual([{ error_code: "source_missing" }]);
    expect(reasons(journey.services)).toEqual([expect.stringContaining(REFUSAL)]);
  });

  it.each(["extractor", "loader"] as const)("does not let a new %s start", async (service) => {
    const refused = spawnService(journey.specOf(service));
    expect((await refused.exited).code, refused.output()).toBe(2);
    expect(refused.output()).toContain(REFUSAL);
    expect(refused.output()).toContain("LEGACY_ROW_SECURITY=accept");
  });

  it("lets through what is visible, and nothing else, where somebody accepts that", async () => {
    for (const service of journey.services) await service.kill("SIGTERM");
    for (const service of ["extractor", "loader"] as const)
      await journey.start(service, { LEGACY_ROW_SECURITY: "accept" });
    const runId = await journey.begin();
    const progress = await journey.completed(runId);
    expectSumsToClose(progress);
    const visible = await keys(journey.legacy, VISIBLE);
    const patients = progress.find(({ entity }) => entity === "patients");
    expect(patients).toMatchObject({ read: visible.length, expected: visible.length });
    const excepted = new Set(Object.values(await exceptionsOf(journey, runId, "patients")).flat());
    expect(await keys(journey.target, "select legacy_id from patients")).toEqual(
      visible.filter((key) => !excepted.has(key)),
    );
  });
});

/** The environment of a role that may only read, and that is let through no policy. */
async function asReader({ legacyUrl }: RunningStack): Promise<Readonly<Record<string, string>>> {
  await withPool({ url: legacyUrl, max: 1, name: "nexus-test" }, (legacy) =>
    legacy.query(
      `create role ${READER} login; grant select on all tables in schema public to ${READER}`,
    ),
  );
  const reading = new URL(legacyUrl);
  reading.username = READER;
  return { LEGACY_URL: reading.href };
}

/** Why the source could not be read, as the extractors' logs say it. */
function reasons(services: readonly ServiceProcess[]): unknown[] {
  return services
    .flatMap((service) => service.logs())
    .filter(({ msg }) => msg === "the source cannot be read")
    .map(({ reason }) => reason);
}
