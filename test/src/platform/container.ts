/** A container without a container engine: what `docker/deploy.sh` made, run as its image would be. */
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
import { deployed, type Image } from "./images.ts";

/** Where the build's `/out` is. */
export interface BuildOutput {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Runs the deploying step of the build. */
export async function deployAll(): Promise<BuildOutput> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-images-"));
  await chmod(folder, 0o755);
  const args = [join(ROOT, "docker/deploy.sh"), folder, ...deployed()];
  const { code, stderr } = await runCommand("sh", args, { cwd: ROOT, env: process.env });
  if (code !== 0) throw new Error(`docker/deploy.sh ended with ${code}:\n${stderr}`);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** As root we can be as strict as a container is: Node as process 1, as uid 1000, which owns no file of the image. */
export const isolation =
  process.getuid?.() === 0
    ? ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"].concat(
        ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--no-new-privs"],
        ["--bounding-set", "-all"],
      )
    : [];

/** How an image is started on this machine. `command` replaces the image's own. */
export function containerOf(
  image: Image,
  { folder }: BuildOutput,
  env: ServiceSpec["env"],
  command: readonly string[] = image.command,
): ServiceSpec {
  const words = image.main === undefined ? command : [image.main, ...command];
  const [main = "", ...args] = words;
  const app = join(folder, image.package);
  return {
    name: image.package,
    main: join(app, main),
    args,
    folder: app,
    env: { NODE_ENV: "production", ...env },
    command: [...isolation, process.execPath, ...image.options],
  };
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
  if (isolation.length === 0) return pid;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return Number(children.trim());
}
