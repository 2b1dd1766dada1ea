/** Arguments and options that several commands share. */
import { entities, inDependencyOrder } from "@nexus/catalog";
import { rowKey } from "@nexus/contract";
import { Argument, type Command, InvalidArgumentError, Option } from "commander";

/** The entities of the catalog, parents first. */
export function entityNames(): readonly string[] {
  return inDependencyOrder(entities).map(({ name }) => name);
}

/** A command that speaks to the API, with `--json`. */
export function apiCommand(program: Command, usage: string, description: string): Command {
  return program.command(usage).description(description).option("--json", "print one line of JSON");
}

/** `<entity>`: one of the catalog. */
export function entityArgument(usage: "<entity>" | "[entity]"): Argument {
  return new Argument(usage, "an entity of the catalog").choices(entityNames());
}

/** `--reason`: for the audit log. */
export function reasonOption(): Option {
  return new Option("--reason <text>", "why: kept in the audit log");
}

/** `--leave-strangers`: the word that a run asks for where the target holds rows of its own. */
export function leaveStrangersOption(): Option {
  return new Option(
    "--leave-strangers <reason>",
    "why rows of the target without a legacy key may stay as they are, beside what is loaded: kept in the audit log; without it a run is refused while nobody has decided about such rows",
  );
}

/** A whole number from 1. */
export function wholeNumber(given: string): number {
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given);
  throw new InvalidArgumentError("It is a whole number from 1.");
}

/** The key of a row that can be in the target, as the API takes it. */
export function legacyKey(given: string): number {
  const { data } = rowKey.safeParse(given);
  if (data !== undefined) return data;
  throw new InvalidArgumentError("It is a whole number from -2147483648 to 2147483647.");
}

/** `--limit` and `--cursor` of a list. */
export function pageOptions(): readonly [Option, Option] {
  return [
    new Option("--limit <rows>", "rows of a page, 1 to 1000").default(100).argParser(wholeNumber),
    new Option("--cursor <cursor>", "continue after the previous page: the cursor that it named"),
  ];
}

/** `practices,patients` */
export function entityList(given: string): string[] {
  const names = given.split(",").map((name) => name.trim());
  const known = entityNames();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(
      `There is no entity ${unknown.join(", ")}; there are ${known.join(", ")}.`,
    );
  return names;
}
