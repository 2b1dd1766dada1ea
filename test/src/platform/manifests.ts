/** The Kubernetes objects that kustomize makes of k8s/. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { ROOT } from "./files.ts";

const strings = z.record(z.string(), z.string());

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: strings.default({}),
    annotations: strings.default({}),
  }),
});

export type Manifest = z.infer<typeof object>;

const version = z.object({ kustomizeVersion: z.string() });

/** Whether this machine has a kubectl whose kustomize knows components. */
export function kubectlWorks(): boolean {
  const { status, stdout } = spawnSync("kubectl", ["version", "--client", "-o", "json"], {
    encoding: "utf8",
  });
  if (status !== 0) return false;
  const { success, data } = version.safeParse(JSON.parse(stdout));
  return success && /^v([5-9]|\d\d)/.test(data.kustomizeVersion);
}

/** What `kubectl apply -k` would send of a folder in k8s/. */
export function render(folder: string): string {
  return kustomize(join(ROOT, "k8s", folder));
}

/** The base with one component. */
export function renderComponent(name: string): string {
  return renderText((k8s) => `resources: [${k8s}/base]\ncomponents: [${k8s}/components/${name}]\n`);
}

/** An overlay that lies elsewhere; `overlay` is given the way to our folder k8s. */
export function renderText(overlay: (k8s: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), "nexus-kustomize-"));
  writeFileSync(join(folder, "kustomization.yaml"), overlay(relative(folder, join(ROOT, "k8s"))));
  try {
    return kustomize(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function kustomize(folder: string): string {
  return execFileSync("kubectl", ["kustomize", folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The objects of a rendered text. */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => object.parse(document.toJS()));
}

/** For messages. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}
