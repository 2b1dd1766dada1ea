/** What GitHub runs is what everybody runs, and it publishes every image but the stand-ins. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { read, ROOT, yaml } from "./files.ts";
import { images } from "./images.ts";

const step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});

describe(".github/workflows", () => {
  it("runs the same script", () => {
    const { jobs } = yaml(
      read(".github/workflows/ci.yml"),
      z.object({ jobs: z.object({ run: z.object({ steps: z.array(step) }) }) }),
    );
    const scripts = jobs.run.steps.flatMap(({ run }) => run ?? []);
    expect(scripts.at(-1)).toBe(".ci/run");
    expect(existsSync(join(ROOT, ".ci/run"))).toBe(true);
  });

  it("publishes what the Dockerfile makes, but no stand-in, with an SBOM and its provenance", () => {
    const { jobs } = yaml(
      read(".github/workflows/images.yml"),
      z.object({
        jobs: z.object({
          publish: z.object({
            strategy: z.object({ matrix: z.object({ image: z.array(z.string()) }) }),
            steps: z.array(step),
          }),
        }),
      }),
    );
    const { strategy, steps } = jobs.publish;
    const published = [...images().keys()].filter((name) => name !== "local");
    expect([...strategy.matrix.image].sort()).toEqual(published.sort());
    expect(steps.at(-1)?.with).toMatchObject({ sbom: true, provenance: "mode=max" });
  });
});
