/** `nexus doctor` before broken situations, on real servers and services: it must name the cause of each, and cry no other. */
import { createHash } from "node:crypto";
import { eventually, seedRun } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { databases } from "./databases.ts";
import { services } from "./services.ts";
import { embeddings, surroundings } from "./surroundings.ts";
import { openWard } from "./ward.ts";

const situations = [...services, ...databases, ...surroundings, ...embeddings];

describe.each(situations.map((one) => [one.name, one] as const))(
  "when %s",
  (_, { prepare, wrong, says, next }) => {
    it("the doctor says so, and what to do next", async (context) => {
      const ward = await openWard(context);
      const env = (await prepare(ward, context)) ?? {};
      const seen = await eventually(() => ward.diagnose(env), {
        until: (diagnosis) => wrong.every((code) => diagnosis.wrong.includes(code)),
        within: 40_000,
        every: 200,
      });
      expect([seen.wrong, seen.healthy, seen.code]).toEqual([wrong, false, 1]);
      expect(seen.findings).toContainEqual(
        expect.objectContaining({
          state: "wrong",
          says: expect.stringMatching(says),
          next: expect.stringMatching(next),
        }),
      );
      expect(JSON.stringify(seen)).not.toContain("s3cret");
    });
  },
);

describe("when nothing is wrong", () => {
  it("the doctor says so, in the middle of nothing and after a run", async (context) => {
    const ward = await openWard(context);
    expect(await ward.diagnose()).toMatchObject({ healthy: true, code: 0, wrong: [] });
    await Promise.all([ward.start("extractor"), ward.start("loader"), ward.start("loader")]);
    const ended = await ward.nexusProcess("start --skip-ai-embeddings --wait");
    expect(ended.code, ended.output).toBe(0);
    expect(ended.output).toMatch(/^case_states +complete +100 %/m);
    expect(ended.output).toMatch(/^run 1 is completed/m);
    const { code, output } = await ward.nexusProcess("doctor");
    expect(output).toMatch(/^well +target +it is migrated, ours, and enforces its constraints$/m);
    expect(output).toMatch(/^well +run +run 1 is completed$/m);
    expect(output).toMatch(/^nothing is wrong$/m);
    expect(code).toBe(0);
    const deep = await ward.nexus("doctor --deep");
    expect(deep.output).toMatch(/^well +run +every invariant of the ledger and the target holds$/m);
    expect(deep.output).toMatch(/^well +run +every key that the newest runs read has an outcome$/m);
    await ward.target.query(
      "delete from public.case_states where legacy_id = (select min(legacy_id) from public.case_states)",
    );
    const missing = await ward.nexus("doctor --deep");
    expect(missing.output).toMatch(
      /^wrong +run +case_states: every key .* is broken 1 times \(\d+\)$/m,
    );
    for (const code of ["invariant_broken", "keys_without_outcome"])
      expect(missing.output).toMatch(new RegExp(`^ +more: docs/trouble\\.md#${code}$`, "m"));
    expect(missing.code).toBe(1);
  });
});

describe("when little is known", () => {
  it("the doctor says what it could not look at, and takes the API's word for the run", async (context) => {
    const ward = await openWard(context);
    await seedRun(ward.target, { status: "paused", entities: {} });
    const seen = await ward.diagnose({ TARGET_URL: "", LEGACY_URL: "", QUEUE_URL: "" });
    expect(seen.wrong).toEqual(["run_paused"]);
    const unchecked = seen.findings
      .filter(({ state }) => state === "unchecked")
      .map(({ says }) => says.split(" ")[0]);
    expect(unchecked).toEqual(["TARGET_URL", "LEGACY_URL", "QUEUE_URL"]);
  });

  it("the doctor names a token that the API does not know", async (context) => {
    const hash = createHash("sha256").update("known").digest("hex");
    const ward = await openWard(context, { API_TOKENS: `vera:viewer:${hash}` });
    const refused = await ward.diagnose({ NEXUS_TOKEN: "s3cret" });
    expect(refused.wrong).toEqual(["api_refuses"]);
    expect(JSON.stringify(refused)).not.toContain("s3cret");
    expect(await ward.diagnose({ NEXUS_TOKEN: "known" })).toMatchObject({ healthy: true });
  });
});
