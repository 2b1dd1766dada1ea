/** The processes of a round, each at a post: who dies is followed by the next, which lives until its own point, and the last one lives on. */
import type { ServiceName, ServiceToRun } from "@nexus/local/services";
import { type Exit, type ServiceProcess, spawnService } from "@nexus/shared/testing";

export type Env = Readonly<Record<string, string>>;

/** Who stands at a post. */
export interface Post {
  readonly service: ServiceName;
  readonly env?: Env;
  /** A life each: the point at which it ends and the pass at which it does, `loader.read@2`. None: nobody dies. */
  readonly lives?: readonly string[];
}

export interface Crew {
  /** So are the posts manned from now on. Who stands there already and dies nowhere stays; a post that is not named is given up. */
  man(posts: Readonly<Record<string, Post>>): Promise<void>;
  /** Nobody stands at the posts of a service any more. */
  withdraw(service: ServiceName): Promise<void>;
  /** The process that stands at a post now. */
  at(post: string): ServiceProcess | undefined;
  /** The points at which processes died since they were asked for last. */
  takeStrikes(): readonly string[];
  /** Rejects at the first end that nobody wished for, with the process's last words. */
  readonly accident: Promise<never>;
  end(): Promise<void>;
}

/** Exit code of a service that could not begin because a server is away: a platform starts it again. */
const AWAY = 3;

const ARM = new URL("../../../dist/chaos/failpoints/arm.js", import.meta.url).href;

/** What arms a process of a service. */
export function armed({ env, ...spec }: ServiceToRun, life: string): ServiceToRun {
  const { NODE_OPTIONS = "" } = env;
  return {
    ...spec,
    env: { ...env, NODE_OPTIONS: `${NODE_OPTIONS} --import=${ARM}`.trim(), FAILPOINTS: life },
  };
}

interface Given {
  /** A service as it is started. */
  specOf(service: ServiceName, env: Env): ServiceToRun;
  /** What happens between a death and the next life. */
  mourn?(): Promise<void>;
}

/** No post is manned yet. */
export function openCrew(given: Given): Crew {
  let fail: Told["fail"] = () => undefined;
  const accident = new Promise<never>((_, reject) => (fail = reject));
  accident.catch(() => undefined); // Whoever waits for something else meanwhile hears of it.
  const told: Told = { strikes: [], fail: (error) => fail(error) };
  const standing = new Map<string, Watch>();
  const relieve = async (post: string): Promise<void> => {
    await standing.get(post)?.end();
    standing.delete(post);
  };
  return {
    man: async (posts) => {
      const gone = [...standing.keys()].filter((post) => posts[post] === undefined);
      await Promise.all(gone.map(relieve));
      for (const [name, post] of Object.entries(posts)) {
        if (standing.get(name)?.serves(post) === true) continue;
        await relieve(name);
        standing.set(name, watch(post, given, told));
      }
    },
    withdraw: async (service) => {
      const theirs = [...standing].filter(([, { service: one }]) => one === service);
      await Promise.all(theirs.map(([post]) => relieve(post)));
    },
    at: (post) => standing.get(post)?.process(),
    takeStrikes: () => told.strikes.splice(0),
    accident,
    end: async () => void (await Promise.all([...standing.keys()].map(relieve))),
  };
}

interface Told {
  readonly strikes: string[];
  readonly fail: (error: Error) => void;
}

interface Watch {
  readonly service: ServiceName;
  process(): ServiceProcess;
  /** Whether who stands here now is as good as a new one would be. */
  serves(post: Post): boolean;
  end(): Promise<void>;
}

function watch(
  { service, env = {}, lives = [] }: Post,
  { specOf, mourn = () => Promise.resolve() }: Given,
  told: Told,
): Watch {
  const left = [...lives];
  let over = false;
  const start = (): ServiceProcess => {
    const spec = specOf(service, env);
    const [life] = left;
    const process = spawnService(life === undefined ? spec : armed(spec, life));
    void process.exited.then(async (exit) => {
      if (over) return;
      const struck = pointOf(process);
      if (struck !== undefined) told.strikes.push(struck);
      if (struck !== undefined) left.shift();
      if (isAccident(exit, struck)) told.fail(new Error(inWords(process, exit)));
      else await mourn().then(() => (over ? undefined : (current = start())), told.fail);
    });
    return process;
  };
  let current = start();
  const wanted = JSON.stringify([service, env]);
  return {
    service,
    process: () => current,
    serves: ({ service: other, env: theirs = {}, lives: theirLives = [] }) =>
      left.length === 0 && theirLives.length === 0 && JSON.stringify([other, theirs]) === wanted,
    end: async () => {
      over = true;
      await current.kill("SIGKILL");
    },
  };
}

/** The point at which a process died. */
function pointOf(process: ServiceProcess): string | undefined {
  const name = process.logs().find(({ msg }) => msg === "failpoint")?.["name"];
  return typeof name === "string" ? name : undefined;
}

function isAccident({ code, signal }: Exit, struck: string | undefined): boolean {
  return (struck === undefined || signal !== "SIGKILL") && code !== AWAY;
}

function inWords(process: ServiceProcess, exit: Exit): string {
  return `${process.name} ended with ${JSON.stringify(exit)}: ${process.output().split("\n").slice(-5).join("\n")}`;
}
