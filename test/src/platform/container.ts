/**
 * A container without a container engine: what `docker/deploy.sh` made, run as its image would be; or, where `.ci/images` has built and mounted
 * them (NEXUS_IMAGES names its list), the images themselves, with a root file system that cannot be written.
 */
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Exit,
  runCommand,
  type ServiceProcess,
  type ServiceSpec,
  spawnService,
} from "@nexus/shared/testing";
import { ROOT } from "./files.ts";
import { deployed, type Image, images, runtimeStage } from "./images.ts";

/** What the build made. */
export interface BuildOutput {
  /** The image's `/app` as it is seen from here. */
  appOf(image: Image): string;
  /** The root of the image's file system; undefined where only its `/app` was made. */
  rootOf(image: Image): string | undefined;
  remove(): Promise<void>;
}

/** The images that `.ci/images` has built, or the deploying step of their build. */
export async function buildAll(): Promise<BuildOutput> {
  const list = process.env["NEXUS_IMAGES"];
  return list === undefined ? await deployAll() : mounted(readFileSync(list, "utf8"));
}

/** A line for each image: its target and where it is mounted. */
function mounted(list: string): BuildOutput {
  const roots = new Map(
    list
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
      .map(([target = "", folder = ""]) => [images().get(target)?.package, folder] as const),
  );
  const rootOf = ({ package: name }: Image): string => {
    const root = roots.get(name);
    if (root === undefined) throw new Error(`no image of ${name} was built`);
    return root;
  };
  return { rootOf, appOf: (image) => join(rootOf(image), "app"), remove: async () => {} };
}

async function deployAll(): Promise<BuildOutput> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-images-"));
  await chmod(folder, 0o755);
  const args = [join(ROOT, "docker/deploy.sh"), folder, ...deployed()];
  const { code, stderr } = await runCommand("sh", args, { cwd: ROOT, env: process.env });
  if (code !== 0) throw new Error(`docker/deploy.sh ended with ${code}:\n${stderr}`);
  return {
    appOf: (image) => join(folder, image.package),
    rootOf: () => undefined,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const nobody = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"].concat([
  "--no-new-privs",
  "--inh-caps",
  "-all",
  "--bounding-set",
  "-all",
]);

/** As root we can be as strict as a container is: Node as process 1, as uid 1000, which owns no file of the image. */
export const isolation =
  process.getuid?.() === 0
    ? ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"].concat(nobody)
    : [];

/** The image's own file system, of which only /tmp can be written; names of hosts are ours, as a container engine gives them. */
function insideOf(root: string): readonly string[] {
  const mounts = [
    'mount --bind "$0" "$0"',
    'mount --options remount,bind,ro "$0"',
    'mount --types proc proc "$0/proc"',
    'mount --types tmpfs --options size=64m tmpfs "$0/tmp"',
    'mount --rbind /dev "$0/dev"',
    'mount --bind /etc/hosts "$0/etc/hosts"',
    'exec chroot "$0" "$@"',
  ].join(" && ");
  return ["unshare", "--mount", "--pid", "--fork", "--kill-child"].concat(
    ["sh", "-c", mounts, root, ...nobody],
    ["env", "--chdir=/app"],
  );
}

/** How an image is started on this machine. `command` replaces the image's own. */
export function containerOf(
  image: Image,
  output: BuildOutput,
  env: ServiceSpec["env"],
  command: readonly string[] = image.command,
): ServiceSpec {
  const words = image.main === undefined ? command : [image.main, ...command];
  const [main = "", ...args] = words;
  const folder = output.appOf(image);
  const root = output.rootOf(image);
  const node = root === undefined ? [...isolation, process.execPath] : [...insideOf(root), "node"];
  return {
    name: image.package,
    main: join(root === undefined ? folder : "/app", main),
    args,
    folder,
    env: { ...environment(), ...env },
    command: [...node, ...image.options],
  };
}

/** What the Dockerfile sets. */
function environment(): Record<string, string> {
  const said = /^ENV (.*)$/m.exec(runtimeStage())?.[1] ?? "";
  const pairs = said.split(" ").map((one) => one.split("="));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}

/** Runs an image that ends by itself. Resolves to its output; throws where it fails. */
export async function runToEnd(spec: ServiceSpec): Promise<string> {
  const service = spawnService(spec);
  const { code } = await service.exited;
  if (code !== 0) throw new Error(`${spec.name} ended with ${code}:\n${service.output()}`);
  return service.output();
}

/** Sends SIGTERM to process 1 of a container, and resolves when it has ended. */
export async function stop(service: ServiceProcess): Promise<Exit> {
  process.kill(await firstProcess(service.pid), "SIGTERM");
  return await service.exited;
}

async function firstProcess(pid: number): Promise<number> {
  if (process.getuid?.() !== 0) return pid;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return Number(children.trim());
}
