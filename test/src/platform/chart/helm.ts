/** What Helm makes of k8s/chart. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../files.ts";
import { type Manifest, manifestsOf } from "../manifests.ts";

const CHART = join(ROOT, "k8s/chart");

/** Whether this machine has Helm. */
export function helmWorks(): boolean {
  return spawnSync("helm", ["version"]).status === 0;
}

interface Rendering {
  readonly status: number | null;
  readonly said: string;
  readonly manifests: readonly Manifest[];
}

/** The release `nexus` in a namespace; `values` is a file of examples/ or what would be in one. */
export function helmTemplate(namespace: string, values: string | object): Rendering {
  const file = typeof values === "string" ? join(CHART, "examples", values) : "-";
  const { status, stdout, stderr } = spawnSync(
    "helm",
    ["template", "nexus", CHART, "--namespace", namespace, "--values", file],
    { encoding: "utf8", input: typeof values === "string" ? "" : JSON.stringify(values) },
  );
  const manifests = status === 0 ? manifestsOf(stdout) : [];
  return { status, said: stderr, manifests };
}
