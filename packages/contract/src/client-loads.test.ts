import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const PACKAGES = fileURLToPath(new URL("../../", import.meta.url));

/** Every module that loads with one: its own files, and the names of what others publish. */
function loadedWith(path: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  const source = readFileSync(path, "utf8");
  for (const [, name = ""] of source.matchAll(/^(?:import|export)\b[^"';]*["']([^"']+)["'];$/gm)) {
    const of = fileOf(name, path);
    if (of === undefined) loaded.add(name);
    else loadedWith(of, loaded);
  }
  return loaded;
}

function fileOf(name: string, from: string): string | undefined {
  if (name.startsWith(".")) return fileURLToPath(new URL(name, `file://${from}`));
  const [, pack, room] = /^@nexus\/(\w+)(?:\/(.+))?$/.exec(name) ?? [];
  return pack === undefined ? undefined : `${PACKAGES}${pack}/dist/${room ?? "."}/index.js`;
}

describe("whoever talks to the API by the contract", () => {
  it("loads the contract, the statuses and zod, and nothing of ledger or database", () => {
    const loaded = [...loadedWith(`${PACKAGES}contract/dist/index.js`)];
    const others = loaded.filter((path) => !path.startsWith(`${PACKAGES}contract/dist/`));
    const shared = `${PACKAGES}shared/dist/states`;
    expect(others.toSorted()).toEqual([
      `${shared}/audited.js`,
      `${shared}/cutover-steps.js`,
      `${shared}/index.js`,
      `${shared}/no-account.js`,
      `${shared}/states.js`,
      "node:timers/promises",
      "zod",
    ]);
    expect(loaded.length).toBeGreaterThan(15);
  });
});
