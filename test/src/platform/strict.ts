/**
 * Strict validation without a cluster, against the published types of Kubernetes and of the operators that we use.
 * Two halves, since neither sees all: the models' validators know what is required and which values are allowed, the compiler
 * knows which fields exist.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "./files.ts";
import { type Manifest, nameOf } from "./manifests.ts";

const OPERATORS: Readonly<Record<string, string>> = {
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "external-secrets.io": "@kubernetes-models/external-secrets",
};

/** The module with the types of an API version. */
function moduleOf(apiVersion: string): string {
  const [group = ""] = apiVersion.split("/");
  return `${OPERATORS[group] ?? "kubernetes-models"}/${apiVersion}`;
}

type Model = new (document: object) => { validate(): void };
const model = z.custom<Model>((value) => typeof value === "function", "no such kind");

/** What is wrong with the objects, each line beginning with the object's name. */
export async function problemsOf(manifests: readonly Manifest[]): Promise<string[]> {
  const invalid = await Promise.all(manifests.map(invalidIn));
  return [...invalid.flat(), ...unknownFieldsIn(manifests)];
}

async function invalidIn(manifest: Manifest): Promise<string[]> {
  try {
    const module: unknown = await import(moduleOf(manifest.apiVersion));
    const Kind = z.record(z.string(), z.unknown()).parse({ ...z.looseObject({}).parse(module) })[
      manifest.kind
    ];
    new (model.parse(Kind))(manifest).validate();
    return [];
  } catch (error) {
    return [`${nameOf(manifest)}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** One line of TypeScript for each object: the compiler refuses fields that its type does not have. */
function unknownFieldsIn(manifests: readonly Manifest[]): string[] {
  const folder = mkdtempSync(join(ROOT, "test/node_modules/.manifests-"));
  const file = join(folder, "manifests.ts");
  const lines = manifests.map(
    ({ apiVersion, kind, ...rest }, at) =>
      `export const m${at} = ${JSON.stringify({ apiVersion, kind, ...rest })} satisfies import("${moduleOf(apiVersion)}").I${kind};`,
  );
  writeFileSync(file, lines.join("\n"));
  try {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const options = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--types", "node"];
    const { stdout } = spawnSync(
      process.execPath,
      [tsc, ...options, "--module", "nodenext", "--target", "es2023", file],
      { encoding: "utf8", cwd: folder },
    );
    return [...stdout.matchAll(/manifests\.ts\((\d+),\d+\): error (.*)/g)].map(
      ([, line, message]) => {
        const manifest = manifests[Number(line) - 1];
        return `${manifest === undefined ? "?" : nameOf(manifest)}: ${message}`;
      },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
