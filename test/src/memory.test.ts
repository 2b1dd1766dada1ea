/** Rows of 50 MB beside each other, and beside others, are loaded and proved within the memory of a pod. */
import { readFileSync } from "node:fs";
import { type ServiceProcess, stacks } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { accountOf, differencesOf, forecastOf } from "./forecast-and-run.ts";
import { openJourney } from "./journey.ts";

const MIB = 1 << 20;

/** Memory of a pod, and Node's part of it, which is half of it where Node knows the pod's limit. */
const LOADER = {
  pod: 512 * MIB,
  env: {
    NODE_OPTIONS: "--max-semi-space-size=32 --max-old-space-size=256",
    BATCH_ROWS: "1000",
  },
};
/** Of a pod of 384 MiB. */
const EXTRACTOR = {
  env: { NODE_OPTIONS: "--max-semi-space-size=4 --max-old-space-size=192" },
};

/** Milliseconds that nothing may change: a batch of such rows moves 100 MB at a time, on a machine that other tests share. */
const BATCH_MS = 480_000;

/** Peak resident memory of a process in bytes. */
function peakOf({ pid }: ServiceProcess): number {
  return (
    1_024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
  );
}

// Elsewhere nobody tells the peak of a process.
describe.skipIf(process.platform !== "linux").each(stacks())("on $name", (stack) => {
  it("a loader loads two rows of 50 MB beside each other", async () => {
    const journey = await openJourney(stack, { env: LOADER.env, loaders: 0 });
    try {
      const loader = await journey.start("loader");
      await journey.legacy.query(
        `alter table dispatch_office alter column address type text;
         insert into dispatch_office (id, name, address, tax_rate, emails)
         select 100000 + n, 'o', case when n in (1500, 1501) then repeat('street', 8750000) else 'street' end, 0, false
         from generate_series(1, 4000) n`,
      );
      const runId = await journey.begin({ only: ["practices"] });
      await journey.completed(runId, BATCH_MS);
      const { rows } = await journey.target.query<{ bytes: number }>(
        "select octet_length(address) as bytes from public.practices where legacy_id in (101500, 101501)",
      );
      expect(rows.map(({ bytes }) => bytes >= 52_500_000)).toEqual([true, true]);
      const peak = peakOf(loader);
      expect(peak).toBeGreaterThan(100 * MIB);
      expect(peak).toBeLessThan(LOADER.pod);
    } finally {
      await journey.close();
    }
  });

  it("an extractor forecasts and verifies two notes of 50 MB beside each other, in 200 MB as ever", async () => {
    const journey = await openJourney(stack, { env: LOADER.env, extractors: 0 });
    try {
      const extractor = await journey.start("extractor", EXTRACTOR.env);
      await journey.legacy.query(
        `update dispatch_instruction set notes = repeat('a note, ', 6500000) || id
         where id in (select instruction_id from dispatch_plan group by 1 having count(*) = 1 order by 1 limit 2)`,
      );
      const forecast = await forecastOf(journey);
      const runId = await journey.begin();
      expect(forecast).toEqual(
        await accountOf(journey, runId, await journey.completed(runId, BATCH_MS)),
      );
      expect(await differencesOf(journey)).toEqual([]);
      const { rows } = await journey.target.query<{ key: number }>(
        `update public.cases set metadata = jsonb_set(metadata, '{clinical,notes}', to_jsonb(substr(metadata #>> '{clinical,notes}', 2)))
         where length(metadata #>> '{clinical,notes}') > 50000000 returning legacy_project_id::bigint as key`,
      );
      expect(rows).toHaveLength(2);
      expect(await differencesOf(journey)).toEqual(
        rows.map(({ key }) => `cases ${key} metadata changed_cell`).sort(),
      );
      // With whole rows it ends for want of memory.
      const peak = peakOf(extractor);
      expect(peak).toBeGreaterThan(50 * MIB);
      expect(peak).toBeLessThan(200 * MIB);
    } finally {
      await journey.close();
    }
  });
});
