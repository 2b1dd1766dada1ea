/** Evidence in two files that belong together: the JSON, and the page that names its digest. */
import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonical, digestLine, type Evidence } from "@nexus/contract";
import { ConfigurationError } from "@nexus/shared/config";
import { newestRun, openApi } from "../api.ts";
import { EXIT_CODES } from "../failure.ts";
import { print, type Printing, save } from "../output.ts";

interface Wanted extends Printing {
  /** The folder that gets both files. */
  readonly out?: string | undefined;
  readonly run?: number | undefined;
  readonly list?: true | undefined;
  readonly force?: true | undefined;
  readonly reason?: string | undefined;
}

/** Has the evidence of a run written. Exit code 1 where it is not signed off. */
export async function writeEvidence(wanted: Wanted): Promise<void> {
  const api = openApi();
  const run = wanted.run ?? (await newestRun(api));
  if (run === undefined) throw new ConfigurationError("no run was started yet: nexus start");
  const [json, page] = ["json", "html"].map((kind) =>
    join(wanted.out ?? ".", `evidence-run-${run}.${kind}`),
  );
  if (json === undefined || page === undefined) throw new Error("two files");
  if (wanted.force !== true) for (const file of [json, page]) await refuseExisting(file);
  const { list, reason } = wanted;
  const { evidence, html, sha256, htmlSha256 } = await api.call("POST /v1/evidence", {
    body: { run, list, reason },
  });
  const text = canonical(evidence);
  if (digestOf(text) !== sha256) throw new Error("the evidence is not what the API digested");
  const flag = wanted.force === true ? "w" : "wx";
  await save(json, text, flag);
  await save(page, html, flag);
  const { signedOff, refusals } = evidence;
  const facts = { signedOff, refusals, json, html: page, sha256, htmlSha256 };
  print(facts, [...outcomeOf(evidence), ...written(facts)], wanted);
  if (!signedOff) process.exitCode = EXIT_CODES.unwell.code;
}

function outcomeOf({ signedOff, refusals, run }: Evidence): string[] {
  return signedOff
    ? [`run ${run.id} is signed off`]
    : [`NOT SIGNED OFF: run ${run.id}`, ...refusals.map(({ says }) => `  ${says}`)];
}

interface Files {
  readonly json: string;
  readonly html: string;
  readonly sha256: string;
  readonly htmlSha256: string;
}

function written({ json, html, sha256, htmlSha256 }: Files): string[] {
  return [`${sha256}  ${json}`, `${htmlSha256}  ${html}`];
}

async function refuseExisting(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists) throw new ConfigurationError(`${file} exists: --force overwrites it`);
}

/** Compares a file whose name ends in .json with the page beside it. Exit code 1 where they do not belong together. */
export async function checkEvidence(file: string, printing: Printing): Promise<void> {
  const page = `${file.slice(0, -".json".length)}.html`;
  const [text, html] = [await load(file), await load(page)];
  const [sha256, htmlSha256] = [digestOf(text), digestOf(html)];
  const problems = [
    ...(isCanonical(text) ? [] : [`${file} is not as it was written: its form differs`]),
    ...(html.includes(digestLine(sha256)) ? [] : [`${page} names another digest than ${file} has`]),
  ];
  const facts = { agrees: problems.length === 0, problems, json: file, html: page };
  const lines = problems.length === 0 ? [`${page} belongs to ${file}`] : problems;
  print(
    { ...facts, sha256, htmlSha256 },
    [...lines, ...written({ json: file, html: page, sha256, htmlSha256 })],
    printing,
  );
  if (problems.length > 0) process.exitCode = EXIT_CODES.unwell.code;
}

function isCanonical(text: string): boolean {
  try {
    return canonical(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}

async function load(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ConfigurationError(`--check: ${file} cannot be read`, { cause });
  });
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
