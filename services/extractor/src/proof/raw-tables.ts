/** The head of a twin: which raw rows it is worked out from. */

/** The type that a twin wants to read a column as. `varchar`: only where the source has text there. `jsonb`: a code, a number or a word. `json`: text that is JSON. */
const TYPES = [
  "bigint",
  "numeric",
  "boolean",
  "text",
  "varchar",
  "date",
  "timestamptz",
  "jsonb",
  "json",
] as const;

export type RawType = (typeof TYPES)[number];

export interface RawColumn {
  readonly name: string;
  readonly type: RawType;
}

/** Whether its value is sent to a loader as the source writes it: other values are made of text in the source. */
export function isText({ type }: RawColumn): boolean {
  return (
    type === "text" ||
    type === "varchar" ||
    type === "jsonb" ||
    type === "json" ||
    type === "boolean"
  );
}

/** The type that a raw table gives the column: JSON may be none, and stays text. */
export function declaredType(type: RawType): Exclude<RawType, "json"> {
  return type === "json" ? "text" : type;
}

/** The rows whose `column` is one of the keys of the range, or one of what another raw table holds. */
export interface Choice {
  readonly column: string;
  readonly in: "keys" | { readonly raw: string; readonly column: string };
}

/** A temporary table `raw_<name>` of rows of one table of the source. */
export interface RawTable {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly RawColumn[];
  /** Rows that any of these chooses. */
  readonly choices: readonly Choice[];
  /** Without this column in the source nothing is read. */
  readonly needs: { readonly table: string; readonly column: string } | null;
}

const RAW = /^raw (\w+)(?: as (\w+))? \(([^)]*)\) where (.+?)(?: needs (\w+)\.(\w+))?$/;
const CHOICE = /^(\w+) in (?:keys|raw_(\w+)\.(\w+))$/;

/** The raw tables in the order in which they are read. Throws on a line that is none. */
export function rawTablesOf(twin: string): readonly RawTable[] {
  return statementsOf(twin).map(rawTable);
}

/** Lines that begin with `-- raw`, each with those that go on from it: they are indented. */
function statementsOf(twin: string): string[] {
  const head = twin
    .split("\n\n", 1)
    .join("")
    .replaceAll(/\n-- {2,}/g, " ");
  return head
    .split("\n")
    .filter((line) => line.startsWith("-- raw "))
    .map((line) => line.slice(3));
}

function rawTable(statement: string): RawTable {
  const match = RAW.exec(statement);
  if (match === null) throw new Error(`a twin has a raw table that cannot be read: ${statement}`);
  const [, table = "", name = table, columns = "", choices = "", needed, column] = match;
  return {
    name,
    table,
    columns: columns.split(", ").map(rawColumn),
    choices: choices.split(" or ").map(choice),
    needs: needed === undefined || column === undefined ? null : { table: needed, column },
  };
}

function rawColumn(words: string): RawColumn {
  const [name = "", word] = words.split(" ");
  const type = TYPES.find((one) => one === word);
  if (type === undefined) throw new Error(`a twin wants a column of an unknown type: ${words}`);
  return { name, type };
}

function choice(condition: string): Choice {
  const match = CHOICE.exec(condition);
  if (match === null) throw new Error(`a twin has a condition that cannot be read: ${condition}`);
  const [, column = "", raw, of] = match;
  return { column, in: raw === undefined || of === undefined ? "keys" : { raw, column: of } };
}
