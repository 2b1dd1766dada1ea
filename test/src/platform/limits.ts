/** Whether the numbers of the manifests fit together: connections, and times to finish. */
import { z } from "zod";
import type { Manifest } from "./manifests.ts";
import { environmentOf, type Workload, workloadsOf } from "./workloads.ts";

const most = z.union([
  z.object({ maxReplicaCount: z.number() }).transform((spec) => spec.maxReplicaCount),
  z.object({ maxReplicas: z.number() }).transform((spec) => spec.maxReplicas),
]);
const targetOf = z.object({ scaleTargetRef: z.object({ name: z.string() }) });

/** The embedder builds the index on a connection beside its pool; the migration has one. */
const BESIDE_THE_POOL: Readonly<Record<string, number>> = { embedder: 1, migrate: 1 };

/** What one extractor opens of each server beside its pools while it makes a forecast or a verification; the others wait. */
const PROOF = 2;

export interface Connections {
  readonly server: string;
  readonly atMost: number;
  readonly budget: number;
}

/** Connections to each server if everything runs at its largest, an update included, and what the server gives us. */
export function connectionsOf(manifests: readonly Manifest[]): Connections[] {
  const config = manifests.find(({ metadata }) => metadata.name === "nexus-config");
  const data = z.record(z.string(), z.string()).parse(config?.["data"]);
  return ["target", "legacy"].map((server) => ({
    server,
    atMost: workloadsOf(manifests)
      .map((workload) => replicasOf(workload, manifests) * perReplica(workload, server, manifests))
      .reduce((sum, connections) => sum + connections, PROOF),
    budget: Number(data[`${server.toUpperCase()}_CONNECTIONS`]),
  }));
}

function replicasOf(
  { kind, name, replicas, surge }: Workload,
  manifests: readonly Manifest[],
): number {
  const scaler = manifests.find(
    (manifest) => targetOf.safeParse(manifest["spec"]).data?.scaleTargetRef.name === name,
  );
  if (scaler !== undefined) return most.parse(scaler["spec"]) + surge;
  if (replicas === undefined && kind === "Deployment")
    throw new Error(`${name}: nobody says how many`);
  return (replicas ?? 1) + surge;
}

function perReplica(workload: Workload, server: string, manifests: readonly Manifest[]): number {
  const environment = environmentOf(workload, manifests);
  const beside = server === "target" ? (BESIDE_THE_POOL[workload.component] ?? 0) : 0;
  if (!(`${server.toUpperCase()}_URL` in environment)) return 0;
  return Number(environment[`${server.toUpperCase()}_POOL`] ?? 0) + beside;
}

/** Services that would be killed before they have finished, a sentence each. */
export function cutShort(manifests: readonly Manifest[]): string[] {
  return workloadsOf(manifests)
    .filter(({ kind }) => kind === "Deployment")
    .flatMap((workload) => {
      const env = environmentOf(workload, manifests);
      const pauseMs = 1_000 * (workload.container.lifecycle?.preStop.sleep.seconds ?? 0);
      const podMs = 1_000 * workload.pod.terminationGracePeriodSeconds - pauseMs;
      const graceMs = Number(env["SHUTDOWN_GRACE_MS"]);
      const longestMs = Number(env["DRAIN_MS"] ?? env["LEGACY_STATEMENT_MS"] ?? 0);
      const workMs = Number(env["LEGACY_STATEMENT_MS"] ?? env["CALL_TIMEOUT_MS"] ?? 0);
      return [
        ...(podMs > graceMs ? [] : [`${workload.name}: the pod ends before SHUTDOWN_GRACE_MS`]),
        ...(graceMs > longestMs
          ? []
          : [`${workload.name}: SHUTDOWN_GRACE_MS is not above DRAIN_MS`]),
        ...(longestMs >= workMs
          ? []
          : [`${workload.name}: DRAIN_MS is below the longest statement or call`]),
      ];
    });
}
