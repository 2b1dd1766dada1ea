/** Environment variables become one frozen object, or one error that lists everything that is wrong. */
import { readFileSync } from "node:fs";
import { ConfigurationError } from "./failure.ts";
import { closest } from "./closest.ts";
import type { Variable } from "./variables.ts";

type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The parsed configuration: the value of each variable under its own name. */
export type Config<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/**
 * Parses `variables` from `env`. An empty value counts as absent.
 * Throws `ConfigurationError` (exit code 2) that lists every missing, malformed and misspelt variable; values are never shown.
 */
export function parseConfig<V extends Variables>(variables: V, env: NodeJS.ProcessEnv): Config<V>;
export function parseConfig(variables: Variables, env: NodeJS.ProcessEnv): Record<string, unknown> {
  const problems = misspelt(Object.entries(variables).flatMap(namesOf), env);
  const config: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const given = valueOf(name, variable, env, problems);
    const parsed = variable.schema.safeParse(given ?? variable.fallback);
    if (parsed.success) config[name] = parsed.data;
    else
      problems.push(
        `${name} ${given === undefined ? "is missing" : firstIssue(parsed.error)}: ${variable.meaning}`,
      );
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join("; "));
  return Object.freeze(config);
}

/** A secret may lie in a file that `<NAME>_FILE` names: Kubernetes renews files, and the environment of no process. */
function namesOf([name, { secret }]: readonly [string, Variable<unknown>]): string[] {
  return secret === true ? [name, `${name}_FILE`] : [name];
}

function valueOf(
  name: string,
  variable: Variable<unknown>,
  env: NodeJS.ProcessEnv,
  problems: string[],
): string | undefined {
  const given = env[name] === "" ? undefined : env[name];
  const file = variable.secret === true ? (env[`${name}_FILE`] ?? "") : "";
  if (file === "") return given;
  if (given !== undefined)
    problems.push(`${name} and ${name}_FILE are both set: leave one of them out`);
  try {
    return given ?? readSecret(file);
  } catch {
    problems.push(`${name}_FILE names a file that cannot be read`);
    return undefined;
  }
}

/** What a file of one secret holds: its last line ends where the secret does. */
export function readSecret(file: string): string {
  return readFileSync(file, "utf8").replace(/\r?\n$/, "");
}

function firstIssue(error: { issues: readonly { message: string }[] }): string {
  return error.issues[0]?.message ?? "is malformed";
}

/** A variable that nobody knows and that looks like one of ours is a typing error: say so instead of using the default. */
function misspelt(known: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const problems: string[] = [];
  for (const name of Object.keys(env)) {
    if (known.includes(name)) continue;
    const meant = closest(name, known) ?? inCapitals(name, known);
    if (meant !== undefined && (env[meant] ?? "") === "")
      problems.push(`${name} is unknown: did you mean ${meant}?`);
  }
  return problems;
}

/** Ours are in capitals, and a system may tell the cases apart. `backup`, a single word, may be anybody's. */
function inCapitals(name: string, known: readonly string[]): string | undefined {
  const capitals = name.toUpperCase();
  return name.includes("_") && known.includes(capitals) ? capitals : undefined;
}
