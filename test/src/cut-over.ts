/** A cut-over by the real services, as a test asks for it and waits for its end. */
import type { Client, CutoverView, Given } from "@nexus/contract";
import type { Pool } from "@nexus/shared/database";
import { eventually } from "@nexus/shared/testing";

type Asking = Partial<NonNullable<Given<"POST /v1/cutover">["body"]>>;

/** What a sample needs that has dirt and no backups; a second of quiet, for a test. */
const DECIDED: Asking = {
  withoutBackup: true,
  acceptExceptions: "known dirt of the sample",
  quietSeconds: 1,
};

/** Asks for it. Returns its number. */
export async function askCutover(api: Client, asking: Asking = {}): Promise<number> {
  const body = { kind: "go", ...DECIDED, ...asking } as const;
  return (await api.call("POST /v1/cutover", { body })).id;
}

/** Waits until a step has come so far. */
export async function untilStep(
  api: Client,
  step: string,
  status: "open" | "met",
): Promise<CutoverView> {
  return await eventually(() => api.call("GET /v1/cutover", { query: {} }), {
    until: ({ steps }) => steps.some((one) => one.step === step && one.status === status),
    within: 120_000,
    every: 20,
  });
}

/** Waits until it is at its end. */
export async function ended(api: Client): Promise<CutoverView> {
  return await eventually(() => api.call("GET /v1/cutover", { query: {} }), {
    until: ({ status }) => status !== "open",
    within: 120_000,
    every: 50,
  });
}

/** Asks, and waits. */
export async function cutOver(api: Client, asking: Asking = {}): Promise<CutoverView> {
  await askCutover(api, asking);
  return await ended(api);
}

/** The step at which it stopped, with what it says and what is to be done. */
export function stopped({ status, errorCode, steps }: CutoverView): Record<string, unknown> {
  const last = steps.find((one) => one.status === "not_met");
  return {
    status,
    errorCode,
    step: last?.step,
    code: last?.code,
    says: last?.says,
    toDo: last?.whatToDo,
  };
}

/** Writes in the source again and again, until it is told to stop. */
export function writing(legacy: Pool): { stop(): Promise<void> } {
  const ending = new AbortController();
  const work = async (): Promise<void> => {
    for (let turn = 0; !ending.signal.aborted; turn++)
      await legacy.query(
        "update auth_user set first_name = $1 where id = (select min(id) from auth_user)",
        [`Turn ${turn}`],
      );
  };
  const done = work();
  return {
    stop: async () => {
      ending.abort();
      await done;
    },
  };
}
