import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigurationError } from "./failure.ts";
import { parseConfig } from "./parse.ts";
import { boolean, choice, databaseUrl, number, optionalText, text } from "./variables.ts";

const variables = {
  TARGET_URL: databaseUrl({ meaning: "the target database" }),
  BATCH_ROWS: number(1, 5_000, { meaning: "rows of one batch", fallback: "1000" }),
  EMBEDDINGS: boolean({ meaning: "whether to embed", fallback: "false" }),
  PROVIDER: choice(["bedrock", "local"], { meaning: "who embeds", fallback: "local" }),
  QUEUE_PREFIX: text({ meaning: "what keys begin with", fallback: "nexus" }),
  DIFY_URL: optionalText({ meaning: "where Dify is" }),
};
const TARGET_URL = "postgres://user:secret-word@host:5432/target";

function problems(env: NodeJS.ProcessEnv): string {
  try {
    parseConfig(variables, env);
    return "none";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ exitCode: 2 });
    return error instanceof Error ? error.message : "";
  }
}

describe("the configuration", () => {
  it("takes what is not given from the defaults, and an empty value for not given", () => {
    expect(parseConfig(variables, { TARGET_URL, BATCH_ROWS: "", EMBEDDINGS: "true" })).toEqual({
      TARGET_URL,
      BATCH_ROWS: 1000,
      EMBEDDINGS: true,
      PROVIDER: "local",
      QUEUE_PREFIX: "nexus",
      DIFY_URL: undefined,
    });
  });

  it("takes a secret from a file, if one is named, and nothing else from one", (context) => {
    const folder = mkdtempSync(join(tmpdir(), "nexus-secret-"));
    context.onTestFinished(() => rmSync(folder, { recursive: true }));
    const TARGET_URL_FILE = join(folder, "target-url");
    writeFileSync(TARGET_URL_FILE, `${TARGET_URL}\n`);
    expect(parseConfig(variables, { TARGET_URL_FILE }).TARGET_URL).toBe(TARGET_URL);
    expect(problems({ TARGET_URL, TARGET_URL_FILE })).toContain("both set");
    expect(problems({ TARGET_URL_FILE: join(folder, "none") })).toContain(
      "TARGET_URL_FILE names a file",
    );
    expect(parseConfig(variables, { TARGET_URL, PROVIDER_FILE: TARGET_URL_FILE }).PROVIDER).toBe(
      "local",
    );
  });

  it("is frozen", () => {
    expect(Object.isFrozen(parseConfig(variables, { TARGET_URL }))).toBe(true);
  });

  it("names everything that is wrong at once: missing, malformed and misspelt", () => {
    const said = problems({
      BATCH_ROWS: "many",
      EMBEDDINGS: "yes",
      PROVIDER: "aws",
      QUEUE_PREFIXX: "a",
    });
    expect(said.split("; ").toSorted()).toEqual([
      "BATCH_ROWS must be a whole number from 1 to 5000: rows of one batch",
      "EMBEDDINGS must be true or false: whether to embed",
      "PROVIDER must be one of bedrock, local: who embeds",
      "QUEUE_PREFIXX is unknown: did you mean QUEUE_PREFIX?",
      "TARGET_URL is missing: the target database",
    ]);
  });

  it("tells a name in another case from the right one", () => {
    expect(problems({ TARGET_URL, batch_rows: "5", Queue_Prefix: "a" }).split("; ")).toEqual([
      "batch_rows is unknown: did you mean BATCH_ROWS?",
      "Queue_Prefix is unknown: did you mean QUEUE_PREFIX?",
    ]);
    expect(problems({ TARGET_URL, BATCH_ROWS: "5", batch_rows: "7" })).toBe("none");
  });

  it("shows no value, a password least of all", () => {
    const said = problems({
      TARGET_URL: "mysql://user:secret-word@host/db",
      BATCH_ROWS: "secret-rows",
    });
    expect(said).not.toContain("secret");
  });

  it("takes no word for misspelt where the word it resembles is given too, or resembles none", () => {
    expect(problems({ TARGET_URL, BATCH_ROWS: "5", BATCH_ROW: "7", PATH: "/bin", HOME: "/" })).toBe(
      "none",
    );
  });
});
