/** The Helm chart is what kustomize makes of the same manifests, and what is misspelt in its values is refused. */
import { remark } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { read, ROOT, yaml } from "../files.ts";
import {
  kubectlWorks,
  type Manifest,
  manifestsOf,
  nameOf,
  render,
  renderText,
} from "../manifests.ts";
import { problemsOf } from "../strict.ts";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { templates } from "./chart.ts";
import { helmTemplate, helmWorks } from "./helm.ts";

const kubectl = kubectlWorks();
const helm = kubectl && helmWorks();
if (kubectl && !helm) remark("stack missing", "helm: the chart was not rendered");

// Made from what kubectl renders: where it is absent, the closing lines say so.
describe.skipIf(!kubectl)("the chart", () => {
  it("has the templates that `npm run chart` writes", () => {
    const made = templates();
    expect(readdirSync(join(ROOT, "k8s/chart/templates")).sort()).toEqual([...made.keys()].sort());
    for (const [file, text] of made) expect(read(`k8s/chart/templates/${file}`), file).toBe(text);
  });

  it("is of the version of this repository", () => {
    const shape = z.object({ version: z.string(), appVersion: z.string() });
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(read("package.json")));
    expect(yaml(read("k8s/chart/Chart.yaml"), shape)).toEqual({ version, appVersion: version });
  });
});

const everything = ["monitoring", "external-secrets", "eks-irsa", "ingress-nginx", "known-servers"];

/** Kustomize's text, and the same in values of the chart. */
const pairs = [
  { of: "the base", namespace: "nexus", kustomize: () => render("base"), values: {} },
  {
    of: "production",
    namespace: "nexus",
    kustomize: () => render("overlays/production"),
    values: "production.yaml",
  },
  {
    of: "staging",
    namespace: "nexus-staging",
    kustomize: () => render("overlays/staging"),
    values: "staging.yaml",
  },
  {
    of: "everything behind ingress-nginx",
    namespace: "third",
    kustomize: () =>
      renderText(
        (k8s) => `resources: [${k8s}/base]\nnamespace: third
components: [${everything
          .concat("dify", "accounts", "tracing", "backup")
          .map((one) => `${k8s}/components/${one}`)
          .join(", ")}]\n`,
      ),
    values: {
      config: {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel-collector.monitoring:4318",
        ACCOUNTS: "on",
      },
      loader: {
        env: [
          { name: "SUPABASE_URL", value: "https://project.supabase.co" },
          {
            name: "SUPABASE_SERVICE_ROLE_KEY",
            valueFrom: {
              secretKeyRef: { name: "nexus-secrets", key: "SUPABASE_SERVICE_ROLE_KEY" },
            },
          },
        ],
      },
      embedding: { DIFY: "on" },
      embedder: {
        env: [
          { name: "DIFY_URL", value: "https://api.dify.ai/v1" },
          {
            name: "DIFY_API_KEY",
            valueFrom: { secretKeyRef: { name: "nexus-secrets", key: "DIFY_API_KEY" } },
          },
        ],
      },
      api: { env: [{ name: "TRUST_PROXY", value: "10.0.0.0/8" }] },
      ingress: { by: "nginx" },
      monitoring: { pods: true },
      tracing: true,
      accounts: true,
      backup: { nightly: true },
      externalSecret: {
        create: true,
        data: [
          {
            secretKey: "DIFY_API_KEY",
            remoteRef: { key: "smile-nexus-migration", property: "DIFY_API_KEY" },
          },
          {
            secretKey: "SUPABASE_SERVICE_ROLE_KEY",
            remoteRef: {
              key: "smile-nexus-migration",
              property: "SUPABASE_SERVICE_ROLE_KEY",
            },
          },
        ],
      },
      networks: {
        postgres: [{ ipBlock: { cidr: "10.0.0.0/8" } }],
        redis: [{ ipBlock: { cidr: "10.0.0.0/8" } }],
      },
      bedrock: {
        annotations: {
          "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/nexus-bedrock",
          "eks.amazonaws.com/sts-regional-endpoints": "true",
        },
      },
    },
  },
  {
    of: "the base behind an AWS load balancer",
    namespace: "nexus",
    kustomize: () =>
      renderText(
        (k8s) =>
          `resources: [${k8s}/base]\nnamespace: nexus\ncomponents: [${k8s}/components/alb]\n`,
      ),
    values: {
      ingress: { by: "alb" },
      api: { env: [{ name: "TRUST_PROXY", value: "10.0.0.0/16" }] },
    },
  },
];

// Where helm or kubectl is absent, the closing lines say so.
describe.skipIf(!helm)("helm makes", () => {
  it.each(pairs)("of the chart what kustomize makes of $of", ({ namespace, kustomize, values }) => {
    const wanted = manifestsOf(kustomize()).filter(({ kind }) => kind !== "Namespace");
    const { status, said, manifests } = helmTemplate(namespace, values);
    expect(status, said).toBe(0);
    expect(byName(manifests)).toEqual(byName(wanted));
  });

  it("objects that are strictly valid, with another registry, secret and replicas of its own", async () => {
    const { status, said, manifests } = helmTemplate("third", {
      image: { registry: "registry.test/team", tag: "1.2.3" },
      secretName: "theirs",
      embedder: { replicas: 0 },
    });
    expect(status, said).toBe(0);
    const text = JSON.stringify(manifests);
    expect(text).not.toMatch(/registry\.example|nexus-secrets|"namespace":"nexus"/);
    expect(text).toContain('"image":"registry.test/team/loader:1.2.3"');
    expect(text).toContain('"name":"theirs"');
    const embedder = manifests.find((one) => nameOf(one) === "Deployment nexus-embedder");
    expect(embedder?.["spec"]).toMatchObject({ replicas: 0 });
    expect(await problemsOf(manifests)).toEqual([]);
  });

  it.each([
    { values: { autoscaling: { by: "kedda" } }, says: /autoscaling\/by/ },
    { values: { extractor: { replica: 1 } }, says: /extractor.*replica/s },
    { values: { config: { METRICS_PORT: 9464 } }, says: /METRICS_PORT/ },
    { values: { secret: "x" }, says: /secret/ },
  ])("nothing of $values, and says where", ({ values, says }) => {
    const { status, said } = helmTemplate("nexus", values);
    expect(status).not.toBe(0);
    expect(said).toMatch(says);
  });
});

/** Each revision of a release has a job of its own. */
function byName(manifests: readonly Manifest[]): Record<string, Manifest> {
  return Object.fromEntries(
    manifests.map((one) => {
      const name = one.metadata.name.replace(/^nexus-migrate-1$/, "nexus-migrate");
      const renamed = { ...one, metadata: { ...one.metadata, name } };
      return [nameOf(renamed), renamed];
    }),
  );
}
