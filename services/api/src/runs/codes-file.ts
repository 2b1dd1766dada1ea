/** The operator's overrides of the legacy codes. */
import { readFileSync } from "node:fs";
import { parseCodes } from "@nexus/catalog";
import { ConfigurationError } from "@nexus/shared/config";

/** The overrides as JSON text, `{}` without a file. Throws `ConfigurationError` if the file is not there, no JSON, or names what nobody knows. */
export function readCodes(path: string | undefined): string {
  if (path === undefined) return "{}";
  const text = read(path);
  try {
    parseCodes(JSON.parse(text));
  } catch (cause) {
    const why =
      cause instanceof SyntaxError || !(cause instanceof Error) ? "it is not JSON" : cause.message;
    throw new ConfigurationError(`CODES_FILE: ${path} cannot be used: ${why}`, { cause });
  }
  return text;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigurationError(`CODES_FILE: ${path} cannot be read`, { cause });
  }
}
