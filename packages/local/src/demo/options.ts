/** What the demo may be asked for. */
import { parseArgs } from "node:util";
import { numberIn, sampleSize, SIZE_OPTIONS, type SampleSize } from "../sample/sample-size.ts";

export interface DemoOptions extends SampleSize {
  readonly loaders: number;
  /** What happens when the migration is through: everything is stopped, or left running until Ctrl-C. */
  readonly afterwards: "stop" | "keep";
  readonly output: "text" | "json";
  /** What the target holds before: nothing, or what an earlier tool left. */
  readonly target: "empty" | "half-filled";
}

export const USAGE = `usage: npm run demo -- [--scale 0.1] [--shape real|reported] [--loaders 2] [--seed 1] [--half-filled] [--keep] [--json]

  --scale    how much of the real size (1 = 90,039 source rows) the sample legacy database has
  --shape    the schema believed to be real, or the one that the stakeholder report describes
  --loaders  loader processes, 1 to 8
  --seed     another seed is another sample
  --half-filled  begin with a target that an earlier tool has half filled (scale 0.02 or more)
  --keep     leave everything running afterwards, until Ctrl-C
  --json     the last line is one JSON object: closed, entities with their outcome counts, seconds`;

/** Parses the command line. Throws an Error of one line on anything unknown or out of bounds. */
export function parseOptions(args: readonly string[]): DemoOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...SIZE_OPTIONS,
      loaders: { type: "string", default: "2" },
      "half-filled": { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const isHalfFilled = values["half-filled"];
  return {
    ...sampleSize(values, isHalfFilled ? 0.02 : undefined),
    target: isHalfFilled ? "half-filled" : "empty",
    loaders: numberIn("--loaders", values.loaders, 1, 8),
    afterwards: values.keep ? "keep" : "stop",
    output: values.json ? "json" : "text",
  };
}
