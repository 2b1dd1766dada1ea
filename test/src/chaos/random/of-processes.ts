/** Troubles of processes, and of who commands them. */
import { pauseRun, resumeRun } from "@nexus/api/control";
import { CATALOG, requeueAll } from "./requeue-all.ts";
import { among, type Kind, type Stage } from "./trouble.ts";

const SERVICES = ["extractor", "loader"] as const;
const by = { actor: "chaos", reason: "because" };

/** Kills or stops some of a service's processes: each that runs, or the first. */
function signal(
  { pods }: Stage,
  service: (typeof SERVICES)[number],
  how: NodeJS.Signals,
  all: boolean,
): void {
  const alive = pods.alive(service);
  for (const pod of all ? alive : alive.slice(0, 1)) void pod.kill(how);
}

export const kill: Kind = (dice) => {
  const service = dice.oneOf(SERVICES);
  const how = dice.oneOf<NodeJS.Signals>(["SIGKILL", "SIGKILL", "SIGTERM"]);
  const all = dice.upTo(3) === 1;
  return {
    says: `${how} of ${all ? `every ${service}` : `one ${service}`}`,
    strike: async (stage) => signal(stage, service, how, all),
  };
};

export const freeze: Kind = (dice) => {
  const service = dice.oneOf(SERVICES);
  const frozen: number[] = [];
  return {
    says: `one ${service} is frozen`,
    strike: async ({ pods }) => {
      const [pod] = pods.alive(service);
      if (pod === undefined) return;
      process.kill(pod.pid, "SIGSTOP");
      frozen.push(pod.pid);
    },
    mend: async ({ pods }) => {
      const alive = pods.alive(service).filter(({ pid }) => frozen.includes(pid));
      for (const { pid } of alive) process.kill(pid, "SIGCONT");
    },
  };
};

export const none = (service: (typeof SERVICES)[number]) => ({
  says: `there is no ${service}`,
  strike: async ({ pods }: Stage) => pods.withhold(service),
  mend: async ({ pods }: Stage) => pods.letGo(service),
});

export const scaleToNone: Kind = (dice) => none(dice.oneOf(SERVICES));

/** A control operation waits for what is in flight: that may take as long as a server is away, and the test goes on. */
export const pause: Kind = () => ({
  says: "the run is paused",
  strike: async ({ db, runId }) => void (await pauseRun(db, runId, by)),
  mend: async ({ db, runId }) => void (await resumeRun(db, runId, by)),
});

export const requeueOne: Kind = (dice) => {
  const entity = among(dice, CATALOG);
  return {
    says: `everything of ${entity} is requeued`,
    strike: ({ db }) => requeueAll(db, entity),
  };
};
