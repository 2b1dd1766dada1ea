/** The order of imports that CONTRIBUTING promises is a rule of the linter: what breaks it is found. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SERVICES = ["api", "embedder", "extractor", "loader"] as const;
/** Rooms of packages/shared, from the lowest up; those of a level do not import each other. */
const ROOMS = [
  ["states", "config", "auth"],
  ["telemetry", "embedding"],
  ["runtime"],
  ["database", "queue"],
  ["tables"],
  ["ledger"],
];

type Arrow = readonly [from: string, to: string];

function room(name: string): string {
  return `packages/shared/src/${name}`;
}

const upwards: Arrow[] = ROOMS.flatMap((level, height) =>
  level.flatMap((from) =>
    [...ROOMS.slice(height).flat(), "testing"]
      .filter((to) => to !== from)
      .map((to): Arrow => [room(from), `../${to}/a-file.ts`]),
  ),
);
const downwards: Arrow[] = ROOMS.flatMap((level, height) =>
  level.flatMap((from) =>
    ROOMS.slice(0, height).flatMap((below) =>
      below.map((to): Arrow => [room(from), `../${to}/a-file.ts`]),
    ),
  ),
);
const betweenServices: Arrow[] = SERVICES.flatMap((from) =>
  SERVICES.filter((to) => to !== from).map((to): Arrow => [
    `services/${from}/src/deep`,
    `@nexus/${to}/config`,
  ]),
);
const forbidden: Arrow[] = [
  ...upwards,
  ...betweenServices,
  ...SERVICES.flatMap((from): Arrow[] =>
    ["@nexus/cli/progress", "@nexus/local/dify", "@nexus/shared/testing", "./a.fixture.ts"].map(
      (to) => [`services/${from}/src`, to],
    ),
  ),
  [room("ledger"), "@nexus/contract"],
  [room("ledger"), "@nexus/api/config"],
  [room("ledger/budget"), "../../testing/a-file.ts"],
  [room("ledger"), "./a.fixture.ts"],
  ["packages/catalog/src", "@nexus/shared/states"],
  ["packages/contract/src", "@nexus/shared/ledger"],
  ["packages/contract/src", "@nexus/api/config"],
  ["packages/dashboard/src/views", "@nexus/shared/ledger"],
  ["packages/cli/src", "@nexus/loader/config"],
  ["packages/cli/src", "@nexus/shared/testing"],
];
const allowed: Arrow[] = [
  ...downwards,
  ...SERVICES.flatMap((from): Arrow[] =>
    ["@nexus/contract", "@nexus/catalog", "@nexus/shared/ledger"].map((to) => [
      `services/${from}/src`,
      to,
    ]),
  ),
  ["packages/contract/src", "@nexus/shared/states"],
  ["packages/dashboard/src", "@nexus/contract"],
  ["packages/cli/src", "@nexus/contract"],
];

it("lets imports run downwards, and finds each that runs up or from service to service", async () => {
  const found = await lint([...forbidden, ...allowed]);
  expect(found.toSorted()).toEqual(forbidden.map(inWords).toSorted());
});

it("finds a circle of imports, of types alone, too", async () => {
  const said = await lintFiles({
    "packages/shared/src/ledger/one.ts":
      'import type { Two } from "./two.ts";\nexport type One = Two | null;\n',
    "packages/shared/src/ledger/two.ts":
      'import type { One } from "./one.ts";\nexport type Two = readonly One[];\n',
    "packages/shared/src/ledger/three.ts":
      'import type { One } from "./one.ts";\nexport type Three = One;\n',
  });
  expect(said).toMatch(/no-cycle.*one\.ts/s);
  expect(said).toMatch(/no-cycle.*two\.ts/s);
  expect(said).not.toContain("three.ts");
});

it("publishes no test and no fixture", async () => {
  const parents = ["packages", "services"];
  const all = await Promise.all(
    parents.map(async (parent) => [parent, await readdir(join(ROOT, parent))] as const),
  );
  const folders = all.flatMap(([parent, names]) => names.map((name) => `${parent}/${name}`));
  const publishing: string[] = [];
  for (const folder of folders) {
    const sources = await readdir(join(ROOT, folder, "src"), { recursive: true });
    const { files } = JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8"));
    for (const kind of ["test", "fixture"])
      if (sources.some((path) => path.endsWith(`.${kind}.ts`)) && files.includes("dist"))
        if (!files.includes(`!dist/**/*.${kind}.*`)) publishing.push(`${folder}: ${kind}s`);
  }
  expect(publishing).toEqual([]);
});

function inWords([from, to]: Arrow): string {
  return `${from} imports ${to}`;
}

/** Writes a file with each import where it would stand, and returns the arrows that the linter refuses. */
async function lint(arrows: readonly Arrow[]): Promise<string[]> {
  const paths = arrows.map(([from], n) => `${from}/arrow-${n}.ts`);
  const files = arrows.map(([, to], n) => [
    paths[n] ?? "",
    `import { a } from "${to}";\nexport const b = a;\n`,
  ]);
  const said = await lintFiles(Object.fromEntries(files));
  return arrows.filter((_, n) => said.includes(paths[n] ?? "")).map(inWords);
}

/** What the linter says of these files, as if they stood in this repository. */
async function lintFiles(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "import-order-"));
  try {
    await copyFile(join(ROOT, ".oxlintrc.json"), join(root, ".oxlintrc.json"));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
    return await oxlint(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

/** Ends with 1 where it finds something: what it says is what counts. */
function oxlint(cwd: string): Promise<string> {
  const bin = join(ROOT, "node_modules/oxlint/bin/oxlint");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, "--format=json", "."],
      { cwd, maxBuffer: 2 ** 24 },
      (_, stdout) => resolve(stdout),
    );
  });
}
