/** The progress table: redrawn in place on a terminal, a line per change elsewhere. */
import { clearScreenDown, moveCursor } from "node:readline";
import type { Progress } from "./progress.ts";

export interface Display {
  show(progress: Progress): void;
}

/** The display that fits where the output goes. */
export function openDisplay(out: NodeJS.WriteStream): Display {
  return out.isTTY ? redrawn(out) : lineByLine(out);
}

function redrawn(out: NodeJS.WriteStream): Display {
  let drawn = 0;
  return {
    show: (progress) => {
      moveCursor(out, 0, -drawn);
      clearScreenDown(out);
      const lines = table(progress);
      out.write(`${lines.join("\n")}\n`);
      drawn = lines.length;
    },
  };
}

/** Says each change of an entity's status once. */
function lineByLine(out: NodeJS.WriteStream): Display {
  const said = new Map<string, string>();
  return {
    show: ({ entities }) => {
      for (const one of entities) {
        if (said.get(one.entity) === one.status) continue;
        said.set(one.entity, one.status);
        if (["loading", "complete", "blocked", "skipped"].includes(one.status)) out.write(`${line(one)}\n`);
      }
    },
  };
}

const COLUMNS = ["expected", "read", "loaded", "rejected", "parked", "noted"] as const;

/** The table: one line per entity, the totals, rate and time left. */
function table({ entities, totals, rowsPerSecond, eta }: Progress): string[] {
  const heading = [
    "entity".padEnd(19),
    "status".padEnd(10),
    ...COLUMNS.map((column) => column.padStart(9)),
  ].join(" ");
  const left = eta === null ? "" : `, ${eta.earliest} to ${eta.latest} s left`;
  return [
    heading,
    ...entities.map(line),
    line({ ...totals, entity: "total", status: `${totals.percent} %` }),
    `${Math.round(rowsPerSecond)} rows/s${left}`,
  ];
}

type Line = Readonly<Record<"entity" | "status", string> & Record<(typeof COLUMNS)[number], number>>;

function line(one: Line): string {
  const counts = COLUMNS.map((column) => one[column].toLocaleString("en").padStart(9));
  return [one.entity.padEnd(19), one.status.padEnd(10), ...counts].join(" ");
}
