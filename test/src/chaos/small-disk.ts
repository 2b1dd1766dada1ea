/** A disk of a few MiB for a database, where this machine lets us mount one. */
import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPool } from "@nexus/shared/database";
import { remark, type RunningStack, type Stack, unprivilegedAccount } from "@nexus/shared/testing";

export interface SmallDisk {
  readonly folder: string;
  /** Not one page is left afterwards. */
  fill(): void;
  /** Takes away what `fill` has put there. */
  makeRoom(): void;
  remove(): void;
}

export const NO_MOUNT = "no file system may be mounted here: no disk is really full in any test";

/** Undefined where nothing may be mounted, which the closing lines say. */
export function mountSmallDisk(mebibytes: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "nexus-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder], {
      stdio: "ignore",
    });
  } catch {
    rmdirSync(folder);
    remark("stack missing", NO_MOUNT);
    return undefined;
  }
  const account = unprivilegedAccount();
  if (account !== undefined) chownSync(folder, account.uid, account.gid); // The server's, as it demands.
  const filler = join(folder, "filler");
  return {
    folder,
    fill: () => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
    },
    makeRoom: () => rmSync(filler, { force: true }),
    remove: () => {
      execFileSync("umount", ["--lazy", folder]);
      rmdirSync(folder);
    },
  };
}

/** A stack whose target lies on that disk; the log of the server and everything else does not. */
export function withTargetOn(disk: SmallDisk, stack: Stack): Stack {
  return {
    name: stack.name,
    start: async () => {
      const running = await stack.start();
      await moveTarget(disk, running);
      return running;
    },
  };
}

async function moveTarget(
  { folder }: SmallDisk,
  { legacyUrl, targetUrl }: RunningStack,
): Promise<void> {
  const elsewhere = openPool({
    url: legacyUrl,
    max: 1,
    name: "nexus-test",
    onError: () => undefined,
  });
  await elsewhere.query(`create tablespace small location '${folder}'`);
  await elsewhere.query(
    `alter database ${new URL(targetUrl).pathname.slice(1)} set tablespace small`,
  );
  await elsewhere.end();
}
