/** A loader's pod has 512 MiB: rows of 50 MB beside each other, and beside other batches, stay within it. */
import { readFileSync } from "node:fs";
import { stacks } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { openJourney } from "./journey.ts";

const MIB = 1 << 20;
const POD = 512 * MIB;

/** Half of the pod, as Node takes it where it knows the pod's limit. */
const env = {
  NODE_OPTIONS: "--max-semi-space-size=32 --max-old-space-size=256",
  BATCH_ROWS: "1000",
};

/** Peak resident memory of a process in bytes. */
function peakOf(pid: number): number {
  return (
    1_024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
  );
}

describe.skipIf(process.platform !== "linux").each(stacks())("a loader on $name", (stack) => {
  it("loads two rows of 50 MB beside each other within the memory of its pod", async () => {
    const journey = await openJourney(stack, { env });
    try {
      await journey.legacy.query(
        `alter table dispatch_office alter column address type text;
         insert into dispatch_office (id, name, address, tax_rate, emails)
         select 100000 + n, 'o', case when n in (1500, 1501) then repeat('street', 8750000) else 'street' end, 0, false
         from generate_series(1, 4000) n`,
      );
      const runId = await journey.begin({ only: ["practices"] });
      await journey.completed(runId);
      const { rows } = await journey.target.query<{ bytes: number }>(
        "select octet_length(address) as bytes from public.practices where legacy_id in (101500, 101501)",
      );
      expect(rows.map(({ bytes }) => bytes >= 52_500_000)).toEqual([true, true]);
      const loader = journey.services.find(({ name }) => name === "loader");
      const peak = peakOf(loader?.pid ?? 0);
      expect(peak).toBeGreaterThan(100 * MIB);
      expect(peak).toBeLessThan(POD);
    } finally {
      await journey.close();
    }
  });
});
