/** Whether what the objects name is there. */
import { z } from "zod";
import { type Manifest, nameOf } from "./manifests.ts";
import { type Workload, workloadsOf } from "./workloads.ts";

const strings = z.record(z.string(), z.string());
const selector = z.object({
  matchLabels: strings.default({}),
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.literal("In"), values: z.array(z.string()) }))
    .default([]),
});
type Selector = z.infer<typeof selector>;
const port = z.union([z.string(), z.number()]);
const rules = z.array(z.object({ ports: z.array(z.object({ port })) })).default([]);

/** Everything that is named and is not there, a sentence each. */
export function danglingIn(manifests: readonly Manifest[]): string[] {
  const workloads = workloadsOf(manifests);
  return [
    ...duplicates(manifests),
    ...foreignNamespaces(manifests),
    ...workloads.flatMap((workload) => namedBy(workload, manifests)),
    ...manifests.flatMap((manifest) => selectedBy(manifest, workloads)),
    ...scaled(manifests, workloads),
  ];
}

function duplicates(manifests: readonly Manifest[]): string[] {
  const names = manifests.map(nameOf);
  return names
    .filter((name, at) => names.indexOf(name) !== at)
    .map((name) => `${name} is there twice`);
}

function foreignNamespaces(manifests: readonly Manifest[]): string[] {
  const namespace = manifests.find(({ kind }) => kind === "Namespace")?.metadata.name;
  return manifests
    .filter(({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== namespace)
    .map((manifest) => `${nameOf(manifest)} is not in the namespace ${namespace}`);
}

function namedBy(
  { name, pod, container, selector, labels }: Workload,
  manifests: readonly Manifest[],
) {
  const has = (kind: string, wanted: string): boolean =>
    manifests.some((one) => one.kind === kind && one.metadata.name === wanted);
  const keys = secretKeys(manifests);
  const secrets = container.env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
  const maps = container.envFrom.map(({ configMapRef }) => configMapRef.name);
  const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
  const ports = container.ports.map((one) => one.name);
  const misses = [
    ...(has("ServiceAccount", pod.serviceAccountName)
      ? []
      : [`service account ${pod.serviceAccountName}`]),
    ...secrets
      .filter(({ name, key }) => !keys.has(`${name}/${key}`))
      .map(({ key }) => `secret key ${key}`),
    ...maps.filter((map) => !has("ConfigMap", map)).map((map) => `config map ${map}`),
    ...probes
      .filter((probe) => probe !== undefined && !ports.includes(String(probe.httpGet.port)))
      .map((probe) => `port ${probe?.httpGet.port} of a probe`),
    ...container.volumeMounts
      .filter((mount) => !pod.volumes.some((volume) => volume.name === mount.name))
      .map((mount) => `volume ${mount.name}`),
    ...Object.entries(selector ?? {})
      .filter(([key, value]) => labels[key] !== value)
      .map(([key]) => `label ${key} of its selector`),
  ];
  return misses.map((what) => `${name} names what is not there: ${what}`);
}

const externalSecret = z.object({
  target: z.object({ name: z.string() }),
  data: z.array(z.object({ secretKey: z.string() })),
});

/** The keys of secrets as `name/key`. */
function secretKeys(manifests: readonly Manifest[]): ReadonlySet<string> {
  const secrets = manifests
    .filter(({ kind }) => kind === "ExternalSecret")
    .map((one) => externalSecret.parse(one["spec"]));
  return new Set(
    secrets.flatMap(({ target, data }) =>
      data.map(({ secretKey }) => `${target.name}/${secretKey}`),
    ),
  );
}

const selecting = z.object({
  Service: z
    .object({ selector: strings, ports: z.array(z.object({ targetPort: port })) })
    .transform(({ selector, ports }) => ({
      selector: { matchLabels: selector, matchExpressions: [] },
      ports: ports.map(({ targetPort }) => targetPort),
    })),
  PodDisruptionBudget: z.object({ selector }).transform((spec) => ({ ...spec, ports: [] })),
  NetworkPolicy: z.object({ podSelector: selector, ingress: rules }).transform((spec) => ({
    selector: spec.podSelector,
    ports: spec.ingress.flatMap(({ ports }) => ports.map(({ port }) => port)),
  })),
  PodMonitor: z
    .object({ selector, podMetricsEndpoints: z.array(z.object({ port })) })
    .transform((spec) => ({ ...spec, ports: spec.podMetricsEndpoints.map(({ port }) => port) })),
});
const kinds = selecting.keyof();

function selectedBy(manifest: Manifest, workloads: readonly Workload[]): string[] {
  const kind = kinds.safeParse(manifest.kind);
  if (!kind.success) return [];
  const { selector, ports } = selecting.shape[kind.data].parse(manifest["spec"]);
  const selected = workloads.filter(({ labels }) => matches(selector, labels));
  const open = selected.flatMap(({ container }) => container.ports);
  const missing = ports.filter(
    (port) => !open.some(({ name, containerPort }) => port === name || port === containerPort),
  );
  return [
    ...(selected.length === 0 ? [`${nameOf(manifest)} selects nothing`] : []),
    ...missing.map((port) => `${nameOf(manifest)} names what is not there: port ${port}`),
  ];
}

function matches(
  { matchLabels, matchExpressions }: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ""))
  );
}

const scaler = z.object({ scaleTargetRef: z.object({ name: z.string() }) });

function scaled(manifests: readonly Manifest[], workloads: readonly Workload[]): string[] {
  const targets = manifests
    .filter(({ kind }) => kind === "ScaledObject" || kind === "HorizontalPodAutoscaler")
    .map((manifest) => scaler.parse(manifest["spec"]).scaleTargetRef.name);
  return [
    ...targets
      .filter((name) => workloads.every((workload) => workload.name !== name))
      .map((name) => `an autoscaler names what is not there: ${name}`),
    ...targets
      .filter((name, at) => targets.indexOf(name) !== at)
      .map((name) => `${name} has two autoscalers`),
    ...workloads
      .filter(({ name, replicas }) => targets.includes(name) && replicas !== undefined)
      .map(({ name }) => `${name} has an autoscaler and replicas of its own`),
  ];
}
