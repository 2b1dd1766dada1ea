/** k8s/ renders, each object is valid, names what exists, fits its budgets; and each of these checks can fail. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { variables as api } from "@nexus/api/config";
import { variables as embedder } from "@nexus/embedder/config";
import { variables as extractor } from "@nexus/extractor/config";
import { variables as loader } from "@nexus/loader/config";
import { parseConfig } from "@nexus/shared/config";
import { remark } from "@nexus/shared/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "./files.ts";
import { images } from "./images.ts";
import { connectionsOf, cutShort } from "./limits.ts";
import {
  kubectlWorks,
  type Manifest,
  manifestsOf,
  nameOf,
  render,
  renderComponent,
} from "./manifests.ts";
import { danglingIn } from "./references.ts";
import { problemsOf } from "./strict.ts";
import { environmentOf, secretsFor, workloadsOf } from "./workloads.ts";

const folder = (name: string): string[] => readdirSync(join(ROOT, "k8s", name));
const overlays = folder("overlays");
const components = folder("components");
/** Everything below looks at what kubectl renders; where it is absent or too old for components, the closing lines say so. */
const works = kubectlWorks();
if (!works) remark("stack missing", "kubectl with kustomize 5: the manifests were not rendered");

// Not without kubectl: see above.
describe.skipIf(!works)("the manifests", () => {
  const texts = new Map<string, string>();
  const rendered = new Map<string, Manifest[]>();
  const text = (name: string): string => texts.get(name) ?? "";
  const manifests = (name: string): Manifest[] => rendered.get(name) ?? [];

  beforeAll(() => {
    for (const name of overlays) texts.set(name, render(`overlays/${name}`));
    for (const name of components) texts.set(name, renderComponent(name));
    for (const [name, rendering] of texts) rendered.set(name, manifestsOf(rendering));
  });

  it("are valid, every object of every overlay and component", async () => {
    expect(rendered.size).toBe(overlays.length + components.length);
    const all = [...rendered.values()].flat();
    const different = [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
    expect(new Set(different.map(({ kind }) => kind)).size).toBeGreaterThan(10);
    expect(await problemsOf(different)).toEqual([]);
  });

  it("would not be valid with a wrong type, an unknown field or a missing one, in any group", async () => {
    const broken = [
      { kind: "Deployment", from: `Seconds":120`, to: `Seconds":"long"` },
      { kind: "Deployment", from: `"resources"`, to: `"resorces"` },
      { kind: "Deployment", from: `"selector"`, to: `"selecter"` },
      { kind: "NetworkPolicy", from: `"policyTypes"`, to: `"policyType"` },
      { kind: "PodDisruptionBudget", from: `"matchLabels"`, to: `"matchLabel"` },
      { kind: "ScaledObject", from: `"maxReplicaCount":6`, to: `"maxReplicaCount":"six"` },
      { kind: "ScaledObject", from: `"fallback"`, to: `"fallBack"` },
      { kind: "PodMonitor", from: `"podMetricsEndpoints"`, to: `"podMetricEndpoints"` },
      { kind: "ExternalSecret", from: `"refreshInterval"`, to: `"refreshIntervall"` },
      { kind: "Job", from: `"backoffLimit":3`, to: `"backoffLimit":"3"` },
      { kind: "Service", from: `"targetPort":"http"`, to: `"targetPort":["http"]` },
    ];
    const changed = broken.map(({ kind, from, to }, at) => {
      const original = manifests("production")
        .filter((one) => one.kind === kind)
        .map((one) => JSON.stringify(one))
        .find((json) => json.includes(from));
      if (original === undefined) throw new Error(`${from} is in no ${kind}`);
      const [manifest] = manifestsOf(
        original.replace(from, to).replace(/"name":"[^"]+"/, `"name":"broken-${at}"`),
      );
      if (manifest === undefined) throw new Error(`${to} makes no object`);
      return manifest;
    });
    const problems = await problemsOf(changed);
    for (const one of changed)
      expect(
        problems.filter((line) => line.startsWith(`${nameOf(one)}:`)),
        nameOf(one),
      ).not.toEqual([]);
  });

  it.each(overlays)("name only what exists, in %s", (overlay) => {
    expect(danglingIn(manifests(overlay))).toEqual([]);
  });

  it.each([
    {
      from: "serviceAccountName: nexus-bedrock",
      to: "serviceAccountName: bedrock",
      says: "service account bedrock",
    },
    { from: "key: QUEUE_URL", to: "key: REDIS_URL", says: "secret key REDIS_URL" },
    {
      from: "name: nexus-config\n        image",
      to: "name: nexus-conf\n        image",
      says: "config map nexus-conf",
    },
    {
      from: "port: metrics\n          periodSeconds: 2",
      to: "port: metric\n          periodSeconds: 2",
      says: "port metric of a probe",
    },
    {
      from: "targetPort: http",
      to: "targetPort: web",
      says: "Service nexus-api names .* port web",
    },
    { from: "name: tmp\n      enable", to: "name: temp\n      enable", says: "volume temp" },
    {
      from: "- port: metrics\n      protocol",
      to: "- port: scrape\n      protocol",
      says: "NetworkPolicy metrics .* scrape",
    },
    {
      from: "port: metrics\n    relabelings",
      to: "port: web\n    relabelings",
      says: "PodMonitor nexus .* port web",
    },
    {
      from: "scaleTargetRef:\n    name: nexus-loader",
      to: "scaleTargetRef:\n    name: nexus-loder",
      says: "autoscaler .* nexus-loder",
    },
    {
      from: "scaleTargetRef:\n    name: nexus-loader",
      to: "scaleTargetRef:\n    name: nexus-embedder",
      says: "two autoscalers",
    },
    {
      from: "scaleTargetRef:\n    name: nexus-loader",
      to: "scaleTargetRef:\n    name: nexus-api",
      says: "replicas of its own",
    },
    {
      from: "name: nexus-api\n  namespace: nexus",
      to: "name: nexus-api\n  namespace: other",
      says: "not in the namespace",
    },
    {
      from: "maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/component: api",
      to: "selector:\n    matchLabels:\n      app.kubernetes.io/component: apu",
      says: "PodDisruptionBudget .* selects nothing",
    },
  ])("would not pass with $to", ({ from, to, says }) => {
    const changed = text("production").replace(from, to);
    expect(changed, from).not.toBe(text("production"));
    expect(danglingIn(manifestsOf(changed)).join("\n")).toMatch(new RegExp(says));
  });

  it.each([
    "readOnlyRootFilesystem: false",
    "runAsNonRoot: false",
    "allowPrivilegeEscalation: true",
  ])("would not pass with a pod that has %s", (weak) => {
    const [field = ""] = weak.split(" ");
    const changed = text("production").replace(new RegExp(`${field} \\w+`), weak);
    expect(() => workloadsOf(manifestsOf(changed))).toThrow(/readOnly|NonRoot|allowPrivilege/);
  });

  describe.each(overlays)("of %s", (overlay) => {
    it.each([
      { component: "extractor", variables: extractor },
      { component: "loader", variables: loader },
      { component: "embedder", variables: embedder },
      { component: "api", variables: api },
    ])("give the $component an environment that it takes", ({ component, variables }) => {
      const workload = workloadsOf(manifests(overlay)).find((one) => one.component === component);
      if (workload === undefined) throw new Error(`no ${component}`);
      const env = { ...environmentOf(workload, manifests(overlay)), ...secretsFor(variables) };
      const unread = Object.keys(env).filter((name) => !(name in variables));
      expect(
        unread.filter(
          (name) => !/^(LOG_LEVEL|LEGACY_CONNECTIONS|SHUTDOWN_GRACE_MS|AWS_REGION)$/.test(name),
        ),
      ).toEqual([]);
      expect(parseConfig(variables, env)).toMatchObject({
        METRICS_PORT: workload.container.ports[0]?.containerPort,
      });
    });

    it("run images that are built, with arguments that they know", () => {
      for (const { container, pod } of workloadsOf(manifests(overlay)))
        for (const { image } of [...pod.initContainers, container])
          expect([...images().keys()]).toContain(/\/(\w+):[\w.]+$/.exec(image)?.[1]);
    });

    it("stay within the connections of each server, even during an update", () => {
      for (const { server, atMost, budget } of connectionsOf(manifests(overlay))) {
        remark(
          "measured",
          `${overlay}: at most ${atMost} of ${budget} connections to the ${server}`,
        );
        expect(atMost, server).toBeGreaterThan(0);
        expect(atMost, server).toBeLessThanOrEqual(budget);
      }
    });

    it("let everything finish what it has begun", () => {
      expect(cutShort(manifests(overlay))).toEqual([]);
    });

    it("scale by the ledger and never by a list in Redis, in their own namespace", () => {
      for (const manifest of manifests(overlay).filter(({ kind }) => kind === "ScaledObject")) {
        const { fallback, triggers } = scaledObject.parse(manifest["spec"]);
        expect(fallback.replicas).toBeGreaterThan(0);
        for (const { type, metadata } of triggers) {
          expect(type).toBe("prometheus");
          expect(metadata.query).toContain(`namespace="${manifest.metadata.namespace}"`);
          expect(metadata.ignoreNullValues).toBe("false");
        }
      }
    });
  });

  it("would not pass with more replicas than there are connections, or less time than a batch takes", () => {
    const more = manifestsOf(
      text("production").replace("maxReplicaCount: 6", "maxReplicaCount: 60"),
    );
    expect(connectionsOf(more).every(({ atMost, budget }) => atMost > budget)).toBe(true);
    const sooner = text("production").replace(
      "terminationGracePeriodSeconds: 120",
      "terminationGracePeriodSeconds: 60",
    );
    expect(cutShort(manifestsOf(sooner))).toEqual([expect.stringContaining("nexus-loader")]);
    const less = text("production").replace(
      'name: DRAIN_MS\n          value: "90000"',
      'name: DRAIN_MS\n          value: "9000"',
    );
    expect(cutShort(manifestsOf(less))).toEqual([expect.stringContaining("below the longest")]);
  });
});

const scaledObject = z.object({
  fallback: z.object({ replicas: z.number() }),
  triggers: z.array(
    z.object({
      type: z.string(),
      metadata: z.object({ query: z.string(), ignoreNullValues: z.string() }),
    }),
  ),
});
