/** docker-compose.yml, as the engine reads it. */
import { z } from "zod";
import { read, yaml } from "./files.ts";

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const dependencies = z.union([
  z.array(z.string()),
  z.record(z.string(), z.unknown()).transform(Object.keys),
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
  volumes: z.array(z.string()).default([]),
  depends_on: dependencies.default([]),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  stop_grace_period: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});

const file = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()),
});

export type ComposeService = z.infer<typeof service>;

/** Its services and volumes; `${NAME:-default}` is `NAME` of `env`, or the default. */
export function compose(env: Readonly<Record<string, string>> = {}): z.infer<typeof file> {
  return yaml(interpolate(read("docker-compose.yml"), env), file);
}

function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text
    .replaceAll(
      /(?<!\$)\$\{(\w+):-([^}]*)\}/g,
      (_, name: string, fallback: string) => env[name] || fallback,
    )
    .replaceAll("$$", "$");
}
