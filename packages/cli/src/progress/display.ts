/** Where progress is shown while somebody waits: redrawn in place on a terminal, a line per change elsewhere. */
import { clearScreenDown, moveCursor } from "node:readline";
import type { Writable } from "node:stream";
import { entityLine, heading, progressLines } from "./lines.ts";
import type { Progress } from "./view.ts";

export interface Display {
  show(progress: Progress): void;
}

/** `process.stdout`, as far as it matters here. */
export type Screen = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The display that fits where the output goes. */
export function openDisplay(out: Screen): Display {
  return out.isTTY === true ? redrawn(out) : lineByLine(out);
}

/** Lines are cut at the terminal's width: one that wraps would not be wiped. */
function redrawn(out: Screen): Display {
  let drawn = 0;
  return {
    show: (progress) => {
      moveCursor(out, 0, -drawn);
      clearScreenDown(out);
      const lines = progressLines(progress).map((line) =>
        line.slice(0, Math.max(20, (out.columns ?? 80) - 1)),
      );
      out.write(`${lines.join("\n")}\n`);
      drawn = lines.length;
    },
  };
}

const TOLD: readonly string[] = ["loading", "complete", "blocked", "skipped"];

/** What the numbers are, and the names of their columns: first of all, and again before what is above has scrolled away. */
const HEADING_EVERY = 20;
const MEANING =
  "Rows: every row read ends as loaded, rejected, parked or excluded; noted are loaded ones with a remark.";

/** Says each change of an entity's status once, under a heading. */
function lineByLine(out: Screen): Display {
  const said = new Map<string, string>();
  let lines = 0;
  const tell = (line: string): void => {
    if (lines % HEADING_EVERY === 0) out.write(`${MEANING}\n${heading()}\n`);
    lines += 1;
    out.write(`${line}\n`);
  };
  return {
    show: ({ entities }) => {
      for (const one of entities) {
        if (said.get(one.entity) === one.status) continue;
        said.set(one.entity, one.status);
        if (TOLD.includes(one.status)) tell(entityLine(one));
      }
    },
  };
}
