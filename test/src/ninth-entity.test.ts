/** A ninth entity by its file and its line, as docs/add-an-entity.md tells it: both are taken from that page. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, followProgress, openClient, type RunView } from "@nexus/contract";
import {
  eventually,
  runCommand,
  type ServiceProcess,
  spawnService,
  stacks,
} from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildCopy, copyBuild, ROOT } from "./build-copy.ts";
import { type Journey, openJourney } from "./journey.ts";
import { keys } from "./outcomes.ts";

const CATALOG = "packages/catalog";
const PAGE = readFileSync(join(ROOT, "docs/add-an-entity.md"), "utf8");
const [servers] = stacks();

/** The code block of this language on the page. There is one. */
function block(language: "ts" | "diff"): string {
  const found = PAGE.split(`\n\`\`\`${language}\n`)[1]?.split("\n```")[0];
  if (found === undefined) throw new Error(`docs/add-an-entity.md has no block of ${language}`);
  return `${found}\n`;
}

/** Does to a copy what the page says, with the sources of the catalog, and builds it. */
async function addScans(copy: BuildCopy): Promise<void> {
  for (const name of ["tsconfig.base.json", `${CATALOG}/tsconfig.json`, `${CATALOG}/src`])
    cpSync(join(ROOT, name), join(copy.folder, name), { recursive: true });
  writeFileSync(join(copy.folder, CATALOG, "src/entities/scans.ts"), block("ts"));
  const [imported = "", listed = ""] = block("diff")
    .split("\n")
    .map((line) => line.replace(/^\+/, ""));
  copy.change(`${CATALOG}/src/entities/index.ts`, "\nexport const", `${imported}\n\nexport const`);
  copy.change(`${CATALOG}/src/entities/index.ts`, "\n];", `\n${listed}\n];`);
  await done("node_modules/typescript/bin/tsc", ["-p", join(copy.folder, CATALOG)], ROOT);
}

async function done(script: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { PATH: process.env["PATH"] };
  const { code, stdout, stderr } = await runCommand(
    process.execPath,
    [join(ROOT, script), ...args],
    {
      cwd,
      env,
    },
  );
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

describe("an entity that was added by the page", () => {
  let copy: BuildCopy;
  beforeAll(async () => {
    copy = copyBuild();
    await addScans(copy);
  });
  afterAll(() => copy?.remove());

  it("holds what every entity has to hold", async () => {
    const suite = ["run", "src/entities.test.ts", "--reporter=json"];
    const cwd = join(copy.folder, CATALOG);
    const { numTotalTests, numPassedTests } = JSON.parse(
      await done("node_modules/vitest/vitest.mjs", suite, cwd),
    );
    expect(numTotalTests).toBeGreaterThan(100);
    expect(numPassedTests).toBe(numTotalTests);
  });

  describe.skipIf(servers === undefined)("on a source that has its table", () => {
    let journey: Journey;
    let client: Client;
    let url: string;
    let processes: readonly ServiceProcess[];
    let runId: number;
    const scanned = 3;

    beforeAll(async () => {
      if (servers === undefined) return;
      journey = await openJourney(servers, {
        extractors: 0,
        loaders: 0,
        env: { API_PORT: "0", METRICS_PORT: "0" },
      });
      await journey.legacy.query(
        `create table dispatch_scan (id serial primary key, project_id integer, name varchar(100), taken_at timestamptz);
         insert into dispatch_scan (project_id, name, taken_at)
           select id, 'scan ' || n, now() from dispatch_project, generate_series(1, ${scanned}) n;
         insert into dispatch_scan (project_id, name, taken_at) values (null, 'of nobody', now())`,
      );
    });
    afterAll(() => journey?.close());

    it("is migrated beside the others, on a target that knew them only", async () => {
      const said = await nexus("migrate");
      expect(said).toEqual(
        expect.arrayContaining([
          "created table public.scans",
          "replaced function migration.follow_case_practice",
          "replaced trigger parent_moved on public.cases",
          expect.stringMatching(/^row level security of public.scans: switched on/),
        ]),
      );
    });

    it("is planned, loaded and settled", async () => {
      processes = await Promise.all(
        (["extractor", "loader", "api"] as const).map((name) =>
          journey.start(name, {}, copy.fileOf),
        ),
      );
      url = `http://127.0.0.1:${String((await ready("api"))["port"])}`;
      client = openClient({ url });
      ({ runId } = await client.call("POST /v1/runs", { body: {} }));
      await eventually(() => view(), {
        until: ({ run }) => run?.status === "completed",
        every: 200,
      });
      const [projects = 0] = await keys(journey.legacy, "select count(*) from dispatch_project");
      const [rejected = 0] = await keys(
        journey.target,
        "select count(*) from migration.exceptions where entity = 'scans' and reason = 'case_unresolved'",
      );
      const [loaded = 0] = await keys(
        journey.target,
        `select count(*) from public.scans s join public.cases c
           on c.id = s.case_id and s.practice_id is not distinct from c.practice_id`,
      );
      expect({ loaded, rejected }).toEqual({ loaded: scanned * projects, rejected: 1 });
    });

    it("is shown in progress, dashboard, metrics and report", async () => {
      const [scans] = (await view()).entities.filter(({ entity }) => entity === "scans");
      const [loaded = 0] = await keys(journey.target, "select count(*) from public.scans");
      expect(scans).toMatchObject({
        status: "complete",
        loaded,
        rejected: 1,
        parents: ["practices", "cases"],
      });
      expect((await streamed()).entities).toContainEqual(scans);
      expect(await metrics("api")).toMatch(/^nexus_entity_settled\{entity="scans"\} 1$/m);
      expect(await metrics("loader")).toMatch(
        /^nexus_job_seconds_count\{.*queue="load-scans".*\} [1-9]/m,
      );
      expect(await metrics("extractor")).toMatch(
        /^nexus_settle_seconds_count\{.*entity="scans".*\} 1$/m,
      );
      const report = await client.call("GET /v1/report");
      expect(report.progress.rows).toContainEqual(
        expect.objectContaining({
          entity: "scans",
          expected: loaded + 1,
          current: loaded,
          rejected: 1,
          unaccounted: 0,
        }),
      );
      expect(await nexus("report", "--json")).toEqual([expect.stringContaining('"scans"')]);
    });

    it("follows its case to another practice", async () => {
      await journey.target.query(
        `update public.cases c set practice_id = p.id from public.practices p
          where c.id = (select min(case_id::text)::uuid from public.scans)
            and p.id = (select max(id::text)::uuid from public.practices)`,
      );
      const apart = await keys(
        journey.target,
        `select count(*) from public.scans s join public.cases c on c.id = s.case_id
          where s.practice_id is distinct from c.practice_id`,
      );
      expect(apart).toEqual([0]);
    });

    async function nexus(...args: string[]): Promise<string[]> {
      const main = copy.fileOf(join(ROOT, "packages/cli/dist/main.js"));
      const env = { TARGET_URL: journey.stack.targetUrl, NEXUS_API_URL: url ?? "" };
      const command = spawnService({ name: "nexus", main, env, args });
      expect(await command.exited, command.output()).toEqual({ code: 0, signal: null });
      return command.output().split("\n");
    }

    async function ready(name: string): Promise<Readonly<Record<string, unknown>>> {
      const found = processes.find((one) => one.name === name);
      if (found === undefined) throw new Error(`no ${name} was started`);
      return await found.waitForLine({ msg: "ready" });
    }

    async function metrics(name: string): Promise<string> {
      const { metricsPort } = await ready(name);
      return await (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text();
    }

    /** What the dashboard draws. */
    async function streamed(): Promise<RunView> {
      const over = new AbortController();
      for await (const seen of followProgress({ url }, over.signal)) {
        over.abort();
        return seen;
      }
      throw new Error("the progress stream ended");
    }

    async function view(): Promise<RunView> {
      return await client.call("GET /v1/runs/:id", { params: { id: runId } });
    }
  });
});
