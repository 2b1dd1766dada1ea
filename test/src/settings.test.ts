/** No setting is offered and never read; one .env serves all services. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ServiceName, serviceToRun } from "@nexus/local/services";
import { spawnService } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLE = readFileSync(`${ROOT}.env.example`, "utf8");
const SERVICES: readonly ServiceName[] = ["extractor", "loader", "embedder", "api"];

describe.each(SERVICES)("the settings of the %s", (service) => {
  const sources = sourcesOf(service);
  const offered = [...(sources.get("config.ts") ?? "").matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(
    ([, name = ""]) => name,
  );

  it("are all read", () => {
    const rest = [...sources].filter(([file]) => file !== "config.ts").map(([, text]) => text);
    expect(offered.length).toBeGreaterThan(5);
    const isRead = (name: string) => new RegExp(`(config\\.|[{,] )${name}\\b`).test(rest.join("\n"));
    expect(offered.filter((name) => !isRead(name))).toEqual([]);
  });

  it("are all in .env.example", () => {
    expect(offered.filter((name) => !new RegExp(`^#?${name}=`, "m").test(EXAMPLE))).toEqual([]);
  });

  it("may lie in one .env with everybody else's", async () => {
    const away = "127.0.0.1:1";
    const { main } = serviceToRun(service, { legacyUrl: "", targetUrl: "", queueUrl: "" });
    const env = {
      ...Object.fromEntries(
        [...EXAMPLE.matchAll(/^#?([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
      ),
      LEGACY_URL: `postgres://u@${away}/legacy`,
      TARGET_URL: `postgres://u@${away}/target`,
      QUEUE_URL: `redis://${away}`,
    };
    const { exited, output } = spawnService({ name: service, main, env });
    expect(await exited, output()).toEqual({ code: 3, signal: null });
  });
});

/** The service's own files by name, tests left out. */
function sourcesOf(service: string): ReadonlyMap<string, string> {
  const folder = `${ROOT}services/${service}/src/`;
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  return new Map(files.map((file) => [file, readFileSync(folder + file, "utf8")]));
}
