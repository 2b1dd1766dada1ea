/** Processor time of this process and all that it has started: what a neighbour on the machine takes does not count. */
import { readdirSync, readFileSync } from "node:fs";

/** Ticks of a second, as Linux tells them (`getconf CLK_TCK`). */
const TICKS = 100;

/** Seconds so far, of the dead as well once their parent has seen it. Linux only. */
export function processorSeconds(): number {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? statOf(name) : []));
  const family = new Set([process.pid]);
  for (let before = 0; before < family.size;) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  const ticks = all.filter(({ pid }) => family.has(pid)).map((one) => one.ticks);
  return ticks.reduce((sum, some) => sum + some, 0) / TICKS;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** None of a process that has ended meanwhile. */
function statOf(name: string): Stat[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, some) => sum + Number(some), 0);
    return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
  } catch {
    return [];
  }
}
