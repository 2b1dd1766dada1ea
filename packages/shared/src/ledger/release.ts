/** Which release of the product this is, as an auditor needs to know it. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { twinsFolder } from "@nexus/catalog";
import { z } from "zod";
import { ledgerVersions } from "../database/schema-versions.ts";

export interface Release {
  readonly version: string;
  /** From which it was built, `-dirty` at its end where files were changed since; `unknown` where the build could not tell. */
  readonly commit: string;
  /** SHA-256 of the mapping as it runs: both bookkeepings. Another one maps, or expects, otherwise. */
  readonly mapping: string;
  /** The newest version of the ledger's schema that it knows. */
  readonly ledger: string;
  readonly node: string;
}

const PACKAGE = new URL("../../package.json", import.meta.url);

/** Written by the build. */
const COMMIT = new URL("../../dist/commit", import.meta.url);

/** Reads what is installed; about 100 small files. */
export function readRelease(): Release {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(PACKAGE, "utf8")));
  const ledger = ledgerVersions().at(-1) ?? "none";
  const commit = existsSync(COMMIT) ? readFileSync(COMMIT, "utf8").trim() : "unknown";
  return { version, commit, mapping: digestOf(MAPPING), ledger, node: process.versions.node };
}

/** What is compiled of the catalog, and its twins. */
const MAPPING: readonly (readonly [folder: URL, names: RegExp])[] = [
  [new URL("../dist/", twinsFolder), /(?<!\.test|\.fixture)\.js$/],
  [twinsFolder, /\.sql$/],
];

function digestOf(parts: typeof MAPPING): string {
  const digest = createHash("sha256");
  for (const [folder, names] of parts) {
    const found = readdirSync(folder, { recursive: true, encoding: "utf8" });
    for (const name of found.filter((one) => names.test(one)).sort())
      digest
        .update(`${name}\0`)
        .update(readFileSync(new URL(name, folder)))
        .update("\0");
  }
  return digest.digest("hex");
}
