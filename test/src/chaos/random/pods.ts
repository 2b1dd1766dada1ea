/** Processes of a round, kept alive as a platform keeps pods: what ends is started again, as long as it is wanted. */
import type { ServiceName, ServiceToRun } from "@nexus/local/services";
import { type Exit, type ServiceProcess, spawnService } from "@nexus/shared/testing";

export interface Pods {
  /** The environment of all that are started from now on. Where it is another, those that run are killed. */
  workWith(env: Env): Promise<void>;
  /** So many shall run, from now on. */
  scale(service: ServiceName, wanted: number): void;
  /** Kills all of a service and starts none, until it is let go as often as it was withheld. */
  withhold(service: ServiceName): void;
  letGo(service: ServiceName): void;
  /** Those that run at the moment; some may still be starting. */
  alive(service: ServiceName): readonly ServiceProcess[];
  /** The ends that nobody wished for, since they were asked for last: a service, how it ended, and its last lines. */
  takeAccidents(): readonly string[];
  /** Kills all, and starts none before it is told to. */
  killAll(): Promise<void>;
}

type Env = Readonly<Record<string, string>>;

/** Exit codes of a service that could not begin because a server is away: a platform starts it again. */
const AWAY = 3;

const CONFIGURATION = 2;

/** Keeps processes; none yet. */
export function openPods(specOf: (service: ServiceName, env: Env) => ServiceToRun): Pods {
  let accidents: string[] = [];
  let worksWith: Env = {};
  const kept = new Map<ServiceName, Kept>();
  const of = (service: ServiceName): Kept => {
    const known = kept.get(service) ?? keep(() => start(service));
    kept.set(service, known);
    return known;
  };
  const start = (service: ServiceName): ServiceProcess => {
    const pod = spawnService(specOf(service, worksWith));
    void pod.exited.then((exit) => {
      const words = lastLines(pod);
      if (isAccident(exit, words))
        accidents.push(`${service} ended with ${JSON.stringify(exit)}: ${words}`);
    });
    return pod;
  };
  const killAll = async (): Promise<void> => {
    await Promise.all([...kept.values()].map((one) => one.killAll()));
  };
  return {
    workWith: async (env) => {
      if (JSON.stringify(env) !== JSON.stringify(worksWith)) await killAll();
      worksWith = env;
    },
    scale: (service, count) => of(service).scale(count),
    withhold: (service) => of(service).withhold(1),
    letGo: (service) => of(service).withhold(-1),
    alive: (service) => of(service).alive(),
    takeAccidents: () => {
      const taken = accidents;
      accidents = [];
      return taken;
    },
    killAll,
  };
}

/** The processes of one service. */
interface Kept {
  scale(count: number): void;
  withhold(by: 1 | -1): void;
  alive(): readonly ServiceProcess[];
  killAll(): Promise<void>;
}

function keep(start: () => ServiceProcess): Kept {
  let running: ServiceProcess[] = [];
  let scaledTo = 0;
  let withheld = 0;
  const adjust = (): void => {
    const wanted = withheld > 0 ? 0 : scaledTo;
    for (const pod of running.slice(wanted)) void pod.kill("SIGKILL");
    while (running.length < wanted) {
      const pod = start();
      running.push(pod);
      void pod.exited.then(() => {
        running = running.filter((one) => one !== pod);
        adjust();
      });
    }
  };
  return {
    scale: (count) => {
      scaledTo = count;
      adjust();
    },
    withhold: (by) => {
      withheld += by;
      adjust();
    },
    alive: () => running,
    killAll: async () => {
      scaledTo = 0;
      withheld = 0;
      await Promise.all(running.map((pod) => pod.kill("SIGKILL")));
    },
  };
}

/** Killed, asked to end, or without its servers at the start: none of these is an accident. Nor is it one that a server lets nobody in as it starts: a matter of configuration, for all that it knows. */
function isAccident({ code, signal }: Exit, words: string): boolean {
  if (signal === "SIGKILL" || signal === "SIGTERM" || code === 0 || code === AWAY) return false;
  return !(code === CONFIGURATION && words.includes("the server refuses this user (28000)"));
}

function lastLines(pod: ServiceProcess): string {
  return pod.output().split("\n").slice(-5).join("\n");
}
