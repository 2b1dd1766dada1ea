import { z } from "zod";
import { closest } from "./closest.ts";
import type { Variable } from "./variables.ts";

type Words = Pick<Variable<unknown>, "meaning" | "fallback" | "danger">;

/** What may be assigned to what; `alone` is a whole value by itself, and assigns nothing. */
interface Assignable<T extends string> {
  readonly names: readonly string[];
  readonly values: readonly T[];
  readonly alone: T;
}

/** Pairs of a name and a word, like `cases=archive,projects=delete`, or one word alone. What is not known is refused by its name. */
export function assignments<const T extends string>(
  known: Assignable<T>,
  words: Words,
): Variable<Readonly<Record<string, T>>> {
  const schema = z.string().transform((text, context) => {
    if (text.trim() === known.alone) return {};
    const pairs = text.split(",").map((pair) => pair.split("=").map((one) => one.trim()));
    const given: Record<string, T> = {};
    for (const [name = "", word, ...more] of pairs) {
      const value = known.values.find((one) => one === word);
      const message =
        more.length > 0 ? shapeOf(known) : faultOf(known, name, word, value, name in given);
      if (message !== undefined) context.addIssue({ code: "custom", message });
      if (value !== undefined) given[name] = value;
    }
    return given;
  });
  return { schema, ...words };
}

function faultOf<T extends string>(
  known: Assignable<T>,
  name: string,
  word: string | undefined,
  value: T | undefined,
  again: boolean,
): string | undefined {
  const { names, values } = known;
  if (word === undefined) return shapeOf(known);
  if (!names.includes(name)) {
    const near = closest(name, names);
    return `must name one of ${names.join(", ")}, not "${name}"${near === undefined ? "" : `: did you mean ${near}?`}`;
  }
  if (value === undefined) return `must give ${name} one of ${values.join(", ")}`;
  return again ? `must name ${name} once` : undefined;
}

function shapeOf<T extends string>({ names, values, alone }: Assignable<T>): string {
  const [first = ""] = names;
  return `must be ${alone}, or pairs like ${first}=${values.at(-1)}: one of ${names.join(", ")}, and one of ${values.join(", ")}`;
}
