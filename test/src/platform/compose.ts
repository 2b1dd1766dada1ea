/** The two files of docker compose, as the engine reads them. */
import { parseEnv } from "node:util";
import { z } from "zod";
import { read, yaml } from "./files.ts";

export const COMPOSE_FILES = { sample: "docker-compose.yml", own: "docker-compose.own.yml" };

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const dependencies = z.union([
  z.array(z.string()).transform((names) => names.map((name) => [name, "service_started"] as const)),
  z
    .record(z.string(), z.object({ condition: z.string() }))
    .transform((all) => Object.entries(all).map(([name, on]) => [name, on.condition] as const)),
]);

const service = z.object({
  image: z.string().optional(),
  build: z.object({ context: z.string(), target: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z
    .record(
      z.string(),
      scalar.transform((value) => (value === null ? "" : String(value))),
    )
    .default({}),
  env_file: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  restart: z.string().optional(),
  volumes: z.array(z.string()).default([]),
  depends_on: dependencies.default([]),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  stop_grace_period: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});

const file = z.object({
  name: z.string(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()),
});

export type ComposeService = z.infer<typeof service>;

/**
 * Its services and volumes, where `dotenv` is the text of .env. `${NAME:-default}` is NAME or the default; `${NAME:?why}` is NAME, or
 * nothing starts. A service with `env_file` has all of .env; its own `environment` wins.
 */
export function compose(path: string, dotenv = ""): z.infer<typeof file> {
  const env = given(dotenv);
  const found = yaml(interpolate(read(path), env), file);
  for (const one of Object.values(found.services))
    if (one.env_file.length > 0) one.environment = { ...env, ...one.environment };
  return found;
}

function given(dotenv: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parseEnv(dotenv)).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text
    .replaceAll(
      /(?<!\$)\$\{(\w+):([-?])([^}]*)\}/g,
      (_, name: string, kind: string, words: string) => {
        const value = env[name] ?? "";
        if (value === "" && kind === "?") throw new Error(`${name} ${words}`);
        return value === "" ? words : value;
      },
    )
    .replaceAll("$$", "$");
}
