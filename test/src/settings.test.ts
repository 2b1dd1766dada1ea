/** No setting is offered and never read; one .env serves all services. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { variables as api } from "@nexus/api/config";
import { variables as embedder } from "@nexus/embedder/config";
import { variables as extractor } from "@nexus/extractor/config";
import { variables as loader } from "@nexus/loader/config";
import { type ServiceName, serviceToRun } from "@nexus/local/services";
import { PREFIXED } from "@nexus/shared/config";
import { spawnService } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLE = readFileSync(`${ROOT}.env.example`, "utf8");
const SERVICES: readonly ServiceName[] = ["extractor", "loader", "embedder", "api"];
const VARIABLES = { extractor, loader, embedder, api };
/** What reads variables for all services. */
const READERS = ["database", "queue", "runtime"].map((room) => `packages/shared/src/${room}`);

describe.each(SERVICES)("the settings of the %s", (service) => {
  const offered = Object.keys(VARIABLES[service]);

  it("are all read", () => {
    const sources = [`services/${service}/src`, ...READERS].flatMap(sourcesIn).join("\n");
    expect(offered.length).toBeGreaterThan(5);
    const isRead = (name: string) =>
      new RegExp(`(config\\.|settings\\.|[{,]\\s+)${name}\\b`).test(sources);
    expect(offered.filter((name) => !isRead(name))).toEqual([]);
  });

  it("are known by their prefix to whoever tells of a variable that nobody reads", () => {
    const prefixed = offered.filter((name) => /^(LEGACY|TARGET|QUEUE)_/.test(name));
    expect(prefixed.filter((name) => !PREFIXED.includes(name))).toEqual([]);
  });

  it("are all in .env.example", () => {
    expect(offered.filter((name) => !new RegExp(`^#?${name}=`, "m").test(EXAMPLE))).toEqual([]);
  });

  it("may lie in one .env with everybody else's", async () => {
    const away = "127.0.0.1:1";
    const { main } = serviceToRun(service, { legacyUrl: "", targetUrl: "", queueUrl: "" });
    const env = {
      ...Object.fromEntries(
        [...EXAMPLE.matchAll(/^#?([A-Z][A-Z_]+)(?<!_FILE)=(.*)$/gm)].map(([, name, value]) => [
          name,
          value,
        ]),
      ),
      LEGACY_URL: `postgres://u@${away}/legacy`,
      TARGET_URL: `postgres://u@${away}/target`,
      QUEUE_URL: `redis://${away}`,
    };
    const { exited, output } = spawnService({ name: service, main, env });
    expect(await exited, output()).toEqual({ code: 3, signal: null });
  });
});

/** The texts of all files under a folder; tests, what is made for them, and declarations of variables left out. */
function sourcesIn(folder: string): string[] {
  return readdirSync(ROOT + folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.(test|fixture)\.ts$|(^|\/)config\.ts$/.test(file))
    .map((file) => readFileSync(`${ROOT}${folder}/${file}`, "utf8"));
}
