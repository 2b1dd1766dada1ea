/** Which places of our manifests are values of the chart. Each entry: the objects that it is about, and what becomes of them. */
import { type Document, isScalar, visit } from "yaml";
import { block, given, items, MORE, optional, value } from "./placeholders.ts";

type Path = readonly (string | number)[];

const CONTAINER: Path = ["spec", "template", "spec", "containers", 0];
const IMAGE = /^registry\.example\/smile-nexus-migration\/(\w+):[\w.]+$/;

/** Texts that are values wherever they stand. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [
    IMAGE,
    `${value(".Values.image.registry")}/$1:${value(".Values.image.tag | default .Chart.AppVersion")}`,
  ],
  [/^nexus-secrets$/, value(".Values.secretName")],
  [/namespace="nexus"/g, `namespace="${value(".Release.Namespace")}"`],
  [/^http:\/\/prometheus-operated.*/, value(".Values.autoscaling.prometheus")],
  [/^smile-nexus-migration$/, value(".Values.externalSecret.key")],
  [/^aws-secrets-manager$/, value(".Values.externalSecret.store")],
  [/^kube-prometheus-stack$/, value(".Values.monitoring.release")],
  [/^nexus\.example$/, value(".Values.ingress.host")],
  [/^nexus-api-tls$/, value(".Values.ingress.tlsSecret")],
  [/^arn:aws:acm:.*/, value(".Values.ingress.certificateArn")],
];

/** Single places: kind and name of the object, the path in it, the placeholder. */
const PLACES: readonly (readonly [string, Path, string])[] = [
  // A job cannot be changed: each revision of the release has its own.
  ["Job nexus-migrate", ["metadata", "name"], `nexus-migrate-${value(".Release.Revision")}`],
  ["Job nexus-migrate", [...CONTAINER, "resources"], block(".Values.migrate.resources")],
  ["ConfigMap nexus-config", ["data"], block(".Values.config")],
  ["CronJob nexus-backup", ["spec", "schedule"], value(".Values.backup.schedule")],
  [
    "PersistentVolumeClaim nexus-backups",
    ["spec", "resources", "requests", "storage"],
    value(".Values.backup.storage"),
  ],
  ["ConfigMap nexus-embedding", ["data"], block(".Values.embedding")],
  [
    "ServiceAccount nexus-bedrock",
    ["metadata", "annotations", MORE],
    ".Values.bedrock.annotations",
  ],
  ["NetworkPolicy postgres", ["spec", "egress", 0, "to"], optional(".Values.networks.postgres")],
  ["NetworkPolicy redis", ["spec", "egress", 0, "to"], optional(".Values.networks.redis")],
  ["NetworkPolicy load-balancer", ["spec", "ingress", 0, "from"], block(".Values.ingress.from")],
  ["Ingress nexus-api", ["metadata", "annotations", MORE], ".Values.ingress.annotations"],
  ...["loader", "embedder"].flatMap((service) => [
    [
      `HorizontalPodAutoscaler nexus-${service}`,
      ["spec", "maxReplicas"],
      value(`.Values.autoscaling.${service}.max`),
    ] as const,
    [
      `ScaledObject nexus-${service}`,
      ["spec", "maxReplicaCount"],
      value(`.Values.autoscaling.${service}.max`),
    ] as const,
    [
      `ScaledObject nexus-${service}`,
      ["spec", "minReplicaCount"],
      value(`.Values.autoscaling.${service}.min`),
    ] as const,
  ]),
];

/** Gives a document of kustomize its placeholders. */
export function fill(document: Document): void {
  const name = nameOf(document);
  texts(document);
  const service = /^Deployment nexus-(\w+)$/.exec(name)?.[1];
  if (service !== undefined) deployment(document, service);
  for (const [of, path, placeholder] of PLACES) if (of === name) document.setIn(path, placeholder);
  if (name === "ExternalSecret nexus-secrets")
    document.addIn(["spec", "data"], items(".Values.externalSecret.data"));
  document.setIn(["metadata", "namespace"], value(".Release.Namespace"));
}

/** Kind and name. */
export function nameOf(document: Document): string {
  return `${String(document.get("kind"))} ${String(document.getIn(["metadata", "name"]))}`;
}

function texts(document: Document): void {
  visit(document, {
    Scalar(key, scalar) {
      if (key === "key" || !isScalar(scalar) || typeof scalar.value !== "string") return;
      let text = scalar.value;
      for (const [found, placeholder] of TEXTS) text = text.replace(found, placeholder);
      scalar.value = text;
    },
  });
}

/** Replicas, resources and what an operator adds. */
function deployment(document: Document, service: string): void {
  const values = `.Values.${service}`;
  document.setIn(["spec", "replicas"], given(`${values}.replicas`));
  document.setIn([...CONTAINER, "resources"], block(`${values}.resources`));
  document.addIn([...CONTAINER, "env"], items(`${values}.env`));
  document.addIn([...CONTAINER, "volumeMounts"], items(`${values}.volumeMounts`));
  document.addIn(["spec", "template", "spec", "volumes"], items(`${values}.volumes`));
}
