/** Progress as the API tells it. */
import { z } from "zod";

const counts = {
  expected: z.number(),
  read: z.number(),
  loaded: z.number(),
  rejected: z.number(),
  parked: z.number(),
  excluded: z.number(),
  noted: z.number(),
  percent: z.number(),
  sumClosed: z.boolean(),
};

const progress = z.object({
  run: z.object({ id: z.number(), status: z.string(), errorCode: z.string().nullable() }).nullable(),
  entities: z.array(z.object({ entity: z.string(), status: z.string(), why: z.string(), ...counts })),
  totals: z.object(counts),
  rowsPerSecond: z.number(),
  etaSeconds: z.number().nullable(),
});

export type Progress = z.infer<typeof progress>;

/** Starts a run. Returns the warnings that the API gives with it. */
export async function startRun(api: string): Promise<readonly string[]> {
  const response = await fetch(`${api}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  if (response.status !== 201) throw new Error(`the API refused to start a run (${response.status})`);
  return z.object({ warnings: z.array(z.string()) }).parse(await response.json()).warnings;
}

/** Asks how far the run is. */
export async function askProgress(api: string): Promise<Progress> {
  const response = await fetch(`${api}/v1/progress`);
  if (!response.ok) throw new Error(`the API does not tell its progress (${response.status})`);
  return progress.parse(await response.json());
}

/** Whether nothing will change any more without a person: completed, ended, or blocked with nothing else under way. */
export function isOver({ run, entities }: Progress): boolean {
  if (run === null || run.status === "planned") return false;
  if (run.status !== "running") return true;
  const blocked = entities.some(({ status }) => status === "blocked");
  return (
    blocked && !entities.some(({ status }) => ["waiting", "planning", "loading", "settling"].includes(status))
  );
}

/** Whether every row of the source has an outcome, and every entity is settled. */
export function isClosed({ run, entities, totals }: Progress): boolean {
  return run?.status === "completed" && totals.sumClosed && entities.every(({ sumClosed }) => sumClosed);
}
