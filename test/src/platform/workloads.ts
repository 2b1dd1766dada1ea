/** Deployments and jobs: what the other objects, the configuration and the budgets refer to. */
import { z } from "zod";
import type { Manifest } from "./manifests.ts";

const strings = z.record(z.string(), z.string());
const named = z.object({ name: z.string() });
const port = z.union([z.string(), z.number()]);
const probe = z.object({ httpGet: z.object({ path: z.string(), port }) }).optional();

const container = z.object({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  env: z
    .array(
      z.object({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .object({
            secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional(),
            configMapKeyRef: z.object({ name: z.string(), optional: z.literal(true) }).optional(),
          })
          .optional(),
      }),
    )
    .default([]),
  envFrom: z.array(z.object({ configMapRef: named })).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  lifecycle: z
    .object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) })
    .optional(),
  resources: z.object({ requests: strings, limits: strings }),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z.array(named).default([]),
});

const pod = z.object({
  serviceAccountName: z.string(),
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  terminationGracePeriodSeconds: z.number().default(30),
  securityContext: z.object({
    runAsNonRoot: z.literal(true),
    seccompProfile: z.object({ type: z.literal("RuntimeDefault") }),
  }),
  initContainers: z.array(container).default([]),
  containers: z.tuple([container]),
  volumes: z.array(named).default([]),
});

const spec = z.object({
  replicas: z.number().optional(),
  strategy: z
    .object({ rollingUpdate: z.object({ maxSurge: z.number() }) })
    .default({ rollingUpdate: { maxSurge: 0 } }),
  selector: z.object({ matchLabels: strings }).optional(),
  template: z.object({ metadata: z.object({ labels: strings }), spec: pod }),
});

export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly component: string;
  readonly replicas: number | undefined;
  readonly surge: number;
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: z.infer<typeof pod>;
  readonly container: z.infer<typeof container>;
}

/** Throws where a pod is not as the restricted Pod Security standard and ours ask for. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests
    .filter(({ kind }) => kind === "Deployment" || kind === "Job")
    .map((manifest) => {
      const { replicas, strategy, selector, template } = spec.parse(manifest["spec"]);
      return {
        kind: manifest.kind,
        name: manifest.metadata.name,
        component: template.metadata.labels["app.kubernetes.io/component"] ?? "",
        replicas,
        surge: strategy.rollingUpdate.maxSurge,
        selector: selector?.matchLabels,
        labels: template.metadata.labels,
        pod: template.spec,
        container: template.spec.containers[0],
      };
    });
}

/** The environment of a workload's process. Values of secrets are `secret:KEY`. */
export function environmentOf(
  { container }: Workload,
  manifests: readonly Manifest[],
): Record<string, string> {
  const maps = container.envFrom.map(({ configMapRef }) =>
    manifests.find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMapRef.name,
    ),
  );
  const shared = maps.flatMap((map) => Object.entries(strings.parse(map?.["data"] ?? {})));
  const own = container.env
    .filter(({ valueFrom }) => valueFrom?.configMapKeyRef === undefined)
    .map(({ name, value, valueFrom }) => [name, value ?? `secret:${valueFrom?.secretKeyRef?.key}`]);
  return Object.fromEntries([...shared, ...own]);
}

/** Values for what comes from the secret. */
export function secretsFor(variables: object): Record<string, string> {
  const all = {
    LEGACY_URL: "postgres://u:p@legacy:5432/dispatch",
    TARGET_URL: "postgres://u:p@target:5432/postgres",
    QUEUE_URL: "rediss://redis:6379",
    API_TOKENS: `ci:viewer:${"0".repeat(64)}`,
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => name in variables));
}
