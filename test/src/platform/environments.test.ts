/** Environments in one cluster, one Prometheus and one Grafana; the order in which a cluster is filled. */
import { variables as api } from "@nexus/api/config";
import { variables as embedder } from "@nexus/embedder/config";
import { difyVariables } from "@nexus/embedder/dify-config";
import { accountVariables } from "@nexus/loader/account-config";
import { variables as loader } from "@nexus/loader/config";
import { parseConfig } from "@nexus/shared/config";
import { remark } from "@nexus/shared/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { read } from "./files.ts";
import {
  kubectlWorks,
  type Manifest,
  manifestsOf,
  nameOf,
  render,
  renderText,
} from "./manifests.ts";
import { danglingIn } from "./references.ts";
import { environmentOf, secretsFor, workloadsOf } from "./workloads.ts";

const works = kubectlWorks();
if (!works) remark("stack missing", "kubectl with kustomize 5: environments were not compared");

// Everything below looks at what kubectl renders; where it is absent or too old for components, the closing lines say so.
describe.skipIf(!works)("two environments in one cluster", () => {
  let production: Manifest[];
  let staging: Manifest[];

  beforeAll(() => {
    production = manifestsOf(render("overlays/production"));
    staging = manifestsOf(render("overlays/staging"));
  });

  it("have namespaces of their own, and alerts and dashboards once", () => {
    const shared = /^(PrometheusRule nexus|ConfigMap nexus-dashboards)$/;
    expect(production.filter((one) => shared.test(nameOf(one)))).toHaveLength(2);
    expect(staging.filter((one) => shared.test(nameOf(one)))).toEqual([]);
    const places = (all: readonly Manifest[]) => all.map((one) => placeOf(one));
    expect(places(production).filter((place) => places(staging).includes(place))).toEqual([]);
  });

  it("share neither a secret nor the keys of a queue", () => {
    const keysOf = (all: readonly Manifest[]) => [
      ...new Set(JSON.stringify(all).match(/"key":"smile[^"]*"/g)),
    ];
    expect(keysOf(production).length).toBeGreaterThan(0);
    expect(keysOf(production).filter((key) => keysOf(staging).includes(key))).toEqual([]);
    const prefixes = [production, staging].map((all) => {
      const [loader] = workloadsOf(all).filter(({ component }) => component === "loader");
      return loader === undefined ? undefined : environmentOf(loader, all)["QUEUE_PREFIX"];
    });
    expect(prefixes).toEqual(["nexus", "nexus-staging"]);
  });

  it("scale by what is ready in their own, whatever it is called", () => {
    const overlay = read("k8s/overlays/production/kustomization.yaml")
      .replace("namespace: nexus\n", "namespace: third\n")
      .replaceAll(/\.\.\/\.\./g, "K8S");
    const third = manifestsOf(renderText((k8s) => overlay.replaceAll("K8S", k8s)));
    const queries = [...JSON.stringify(third).matchAll(/"query":"((?:[^"\\]|\\.)*)"/g)].map(
      ([, query = ""]) => query,
    );
    expect(queries).toHaveLength(3);
    for (const query of queries) expect(query).toContain('namespace=\\"third\\"');
  });
});

// What kubectl renders is looked at: where it is absent, the closing lines say so.
describe.skipIf(!works)("a cluster is filled", () => {
  let production: Manifest[];

  beforeAll(() => {
    production = manifestsOf(render("overlays/production"));
  });

  it("by Argo CD in waves: what the migration needs, the migration, then what needs it", () => {
    const job = production.find(({ kind }) => kind === "Job");
    expect(job?.metadata.annotations).toMatchObject({ "argocd.argoproj.io/hook": "Sync" });
    const migration = waveOf(job);
    const needed =
      /^(Namespace|ServiceAccount|ConfigMap nexus-config|ExternalSecret|NetworkPolicy (default-deny|dns|postgres)$)/;
    for (const one of production) {
      if (needed.test(nameOf(one))) expect(waveOf(one), nameOf(one)).toBeLessThan(migration);
      if (one.kind === "Deployment") expect(waveOf(one), nameOf(one)).toBeGreaterThan(migration);
    }
  });

  it("by kubectl in any order: whoever comes before the migration waits for it", () => {
    for (const { kind, name, pod } of workloadsOf(production)) {
      const waits = pod.initContainers.filter(({ args }) => args.includes("--wait-only"));
      expect(waits, name).toHaveLength(kind === "Deployment" ? 1 : 0);
      for (const { env, volumeMounts } of waits) {
        expect(env.map((one) => one.name)).toEqual(["TARGET_URL"]);
        const volumes = pod.volumes.map((one) => one.name);
        for (const mount of volumeMounts) expect(volumes).toContain(mount.name);
      }
    }
  });
});

// What kubectl renders is looked at: where it is absent, the closing lines say so.
describe.skipIf(!works)("an overlay with everything", () => {
  it("names only what exists, and gives the API and the embedder what they read", async () => {
    const parts = ["keda", "monitoring", "external-secrets", "eks-irsa", "ingress-nginx"].concat([
      "known-servers",
      "dify",
      "accounts",
      "codes",
      "tracing",
    ]);
    const all = manifestsOf(
      renderText((k8s) =>
        [
          `resources: [${k8s}/base]`,
          `components: [${parts.map((part) => `${k8s}/components/${part}`).join(", ")}]`,
          "namespace: nexus",
        ].join("\n"),
      ),
    );
    expect(danglingIn(all)).toEqual([]);
    const given = (component: string, variables: Parameters<typeof parseConfig>[0]) => {
      const [workload] = workloadsOf(all).filter((one) => one.component === component);
      if (workload === undefined) throw new Error(`no ${component}`);
      return parseConfig(variables, { ...environmentOf(workload, all), ...secretsFor(variables) });
    };
    expect(given("api", api)).toMatchObject({ DIFY: "on", CODES_FILE: "/codes/codes.json" });
    expect(given("embedder", { ...embedder, ...difyVariables })).toMatchObject({
      DIFY: "on",
      DIFY_URL: "https://api.dify.ai/v1",
    });
    expect(given("loader", { ...loader, ...accountVariables })).toMatchObject({
      ACCOUNTS: "on",
      SUPABASE_URL: "https://project.supabase.co",
    });
    expect(given("api", api)).toMatchObject({ ACCOUNTS: "on" });
    const [ingress] = all.filter(({ kind }) => kind === "Ingress");
    expect(JSON.stringify(ingress?.["spec"])).toContain(
      '"name":"nexus-api","port":{"name":"http"}',
    );
  });
});

function placeOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace ?? ""} ${metadata.name}`;
}

function waveOf(manifest: Manifest | undefined): number {
  return Number(manifest?.metadata.annotations["argocd.argoproj.io/sync-wave"] ?? 0);
}
