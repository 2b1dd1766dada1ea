/** A fresh clone of this repository, as a new user has it, and commands typed in it. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Exit, eventually, type ServiceProcess, spawnService } from "@nexus/shared/testing";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** A line that was typed into a shell. */
export interface Typed {
  readonly shell: ServiceProcess;
  /** Waits for its end. Throws its output, and ends it, if it writes nothing for minutes. */
  end(): Promise<Exit>;
  /** Processes that it started and that are still there. */
  left(): number[];
  /** Signals the shell and all that belongs to its group, as Ctrl-C at a terminal does. */
  signalGroup(signal: NodeJS.Signals): void;
  /** The process that is npm. */
  npm(): number;
  /** Kills what is left. */
  clear(): void;
}

export interface Clone {
  readonly folder: string;
  type(line: string, env?: Readonly<Record<string, string>>): Typed;
  remove(): void;
}

/** Whether there is anything to clone. */
export function isRepository(): boolean {
  return existsSync(join(repository, ".git"));
}

/**
 * Clones what is tracked here, uncommitted changes included, beside an empty home.
 * What npm and pnpm have downloaded before on this machine is not downloaded again, and what was built here is lent (`.ci/run` does
 * both from nothing).
 */
export function freshClone(): Clone {
  const place = mkdtempSync(join(tmpdir(), "nexus-clone-"));
  const folder = join(place, "clone");
  const home = join(place, "home");
  const content = git(repository, "stash", "create") || git(repository, "rev-parse", "HEAD");
  git(repository, "clone", "--quiet", "--no-checkout", repository, folder);
  git(folder, "checkout", "--quiet", content);
  lendBuilt(folder);
  mkdirSync(home);
  const npmrc = process.env["npm_config_userconfig"] ?? join(homedir(), ".npmrc");
  if (existsSync(npmrc)) symlinkSync(npmrc, join(home, ".npmrc"));
  const machine = { ...ofThisMachine(), ...downloads(), HOME: home };
  return {
    folder,
    type: (line, env = {}) => type(line, folder, { ...machine, ...env }),
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}

/** The compiler builds again what differs. */
function lendBuilt(folder: string): void {
  const built = git(repository, "ls-files", "*/tsconfig.json")
    .split("\n")
    .map((file) => join(dirname(file), "dist"));
  for (const dist of built.filter((dist) => existsSync(join(repository, dist))))
    cpSync(join(repository, dist), join(folder, dist), {
      recursive: true,
      preserveTimestamps: true,
    });
}

function git(folder: string, ...args: string[]): string {
  const somebody = ["-c", "user.name=nexus", "-c", "user.email=nexus@localhost"];
  return execFileSync("git", ["-C", folder, ...somebody, ...args], { encoding: "utf8" }).trim();
}

/** How this machine reaches a registry: proxies, certificates, npm's own variables. */
function ofThisMachine(): Record<string, string> {
  const wanted =
    /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|npm_config_.*|lang|tmpdir)$/i;
  const ours =
    /^npm_config_(user_agent|userconfig|cache|prefix|local_prefix|global_prefix|init_module)$/i;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && wanted.test(name) && !ours.test(name) ? [[name, value]] : [],
    ),
  );
}

function downloads(): Record<string, string> {
  const modules = readFileSync(join(repository, "node_modules", ".modules.yaml"), "utf8");
  const store = /"?storeDir"?: "?([^",\n]+)/.exec(modules)?.[1];
  return {
    npm_config_cache: process.env["npm_config_cache"] ?? join(homedir(), ".npm"),
    ...(store === undefined ? {} : { pnpm_config_store_dir: store.replace(/\/v\d+$/, "") }),
  };
}

/** What ends says so, or something else, sooner than that. */
const SILENT_MS = 120_000;

/** Every process of a line inherits a marker in its environment, by which those left over are found. */
function type(line: string, folder: string, env: Readonly<Record<string, string>>): Typed {
  const marker = `NEXUS_TEST=${randomUUID()}`;
  const shell = spawnService({
    name: line,
    command: ["sh"],
    main: "-c",
    args: [line],
    folder,
    env: { ...env, NEXUS_TEST: marker.slice("NEXUS_TEST=".length) },
  });
  const left = (): number[] => pidsWith(marker);
  const clear = (): void => left().forEach((pid) => signal(pid, "SIGKILL"));
  return {
    shell,
    left,
    clear,
    end: async () => {
      const look = async () => (await ended(shell)) || shell.output().length;
      const until = (seen: Exit | number): boolean => typeof seen === "object";
      const exit = await eventually(look, { until, within: SILENT_MS, every: 100 }).catch(
        () => undefined,
      );
      if (typeof exit === "object") return exit;
      clear();
      throw new Error(`${line} does not end:\n${shell.output().slice(-3_000)}`);
    },
    signalGroup: (name) => signal(-shell.pid, name),
    npm: () => left().find((pid) => commandOf(pid).startsWith("npm ")) ?? shell.pid,
  };
}

async function ended({ exited }: ServiceProcess): Promise<Exit | false> {
  return await Promise.race([exited, Promise.resolve<false>(false)]);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

function pidsWith(marker: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && fileOf(entry, "environ").includes(marker))
    .map(Number);
}

function commandOf(pid: number): string {
  return fileOf(String(pid), "cmdline").replaceAll("\0", " ");
}

function fileOf(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
