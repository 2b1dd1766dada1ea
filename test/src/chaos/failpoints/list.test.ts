/** The list of points, the code, the page and what is shipped agree. */
import { readdirSync } from "node:fs";
import { FAILPOINTS } from "@nexus/shared/runtime";
import { runCommand } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { read, ROOT } from "../../platform/files.ts";
import { deployed } from "../../platform/images.ts";
import { armed } from "./crew.ts";
import { pointsOf } from "./page.ts";
import { failpoints } from "./round.ts";
import { sceneOf } from "./scenes.ts";

/** Files of packages and services that are neither tests nor made for them. */
const shipped = ["packages", "services"].flatMap((folder) =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((file) => /^[^/]+\/src\/.*\.tsx?$/.test(file))
    .filter((file) => !/\.(test|fixture)\.tsx?$|\/src\/testing\//.test(file))
    .map((file) => `${folder}/${file}`),
);

describe("a point", () => {
  it("is in the code exactly once", () => {
    const code = shipped.map(read).join("\n");
    const calls = [...code.matchAll(/\bfailpoint\("([^"]+)"\)/g)].map(([, name = ""]) => name);
    expect(calls.toSorted()).toEqual(failpoints.toSorted());
    expect(failpoints.length).toBeGreaterThanOrEqual(25);
  });

  it("has a scene in which a process comes to it", () => {
    expect(failpoints.map((point) => sceneOf(point).victim)).not.toContain(undefined);
  });

  it("is in the table of docs/chaos.md (update: npm run chaos:table)", () => {
    const page = read("docs/chaos.md");
    expect(pointsOf(page)).toEqual(failpoints);
    for (const point of failpoints)
      expect(page).toContain(`| \`${point}\` | ${FAILPOINTS[point]} |`);
  });
});

describe("what is shipped", () => {
  const FAILPOINT = new URL(
    "../../../../packages/shared/dist/runtime/failpoint.js",
    import.meta.url,
  );
  /** Comes to a point twice, and says how often it is still alive. */
  const TWICE = `import { failpoint } from "${FAILPOINT.href}";
    for (const n of [1, 2]) { failpoint("loader.read"); process.stdout.write(String(n)); }`;
  const comeTwice = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const args = ["--input-type=module", "--eval", TWICE];
    const { stdout } = await runCommand(process.execPath, args, { cwd: ROOT, env });
    return stdout;
  };

  it("dies at no point, whatever its environment says, unless a file of the tests is loaded before it", async () => {
    const life = "loader.read@2";
    const { env } = armed({ name: "loader", main: "", env: {} }, life);
    expect(await comeTwice({ FAILPOINTS: life })).toBe("12");
    expect(await comeTwice(env)).toBe("1");
  });

  it("has nothing that arms it: no file sets what points look for, and no image holds the tests", () => {
    const arming = /atFailpoint\s*=[^=]|env\W+FAILPOINTS/;
    expect(shipped.filter((file) => arming.test(read(file)))).toEqual([]);
    expect(deployed()).not.toContain("test");
    const packages = ["packages", "services"].flatMap((folder) =>
      readdirSync(`${ROOT}${folder}`).map((name) => `${folder}/${name}/package.json`),
    );
    expect(packages.filter((file) => read(file).includes("@nexus/test"))).toEqual([]);
  });
});
