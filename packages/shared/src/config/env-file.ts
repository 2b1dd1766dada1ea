/** The file of settings in the working directory. Node's own reader takes a byte order mark for a part of the first name, and throws what people cannot read. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { ConfigurationError } from "./failure.ts";

/** Adds what `.env` says to the environment, which wins. No file is no mistake. Throws `ConfigurationError` where it cannot be read. */
export function loadEnvFile(env: NodeJS.ProcessEnv, file = ".env"): void {
  const given = Object.entries(parseEnv(textOf(file)));
  for (const [name, value] of given) if (env[name] === undefined) env[name] = value;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
    if (code === "ENOENT") return "";
    throw new ConfigurationError(
      `${file} of the working directory cannot be read (${String(code)}): make it a file that this user may read, or take it away`,
      { cause },
    );
  }
}
