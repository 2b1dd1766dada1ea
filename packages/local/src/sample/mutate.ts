/**
 * Lets time pass in a sample: rows change, come and go, as in a live source.
 */
import { onDatabase, type Database, type Where } from "./database.ts";
import { dropTools, mutationScript, type Shape } from "./script.ts";

/** Keys of target rows, ascending, each in one list of its entity. */
export interface Changes {
  readonly updated: readonly number[];
  readonly inserted: readonly number[];
  readonly deleted: readonly number[];
}

export type MutatedEntity =
  | "practices"
  | "profiles"
  | "patients"
  | "cases"
  | "projects"
  | "practice_members"
  | "case_states"
  | "workflow_templates";

export type Mutation = Readonly<Record<MutatedEntity, Changes>>;

export interface MutationOptions {
  /** An integer: which rows change. */
  readonly seed: number;
  /** The share of each table's rows that changes, 0 to 1, at least one row; a fifth as many are new, and gone. */
  readonly share: number;
  readonly shape: Shape;
  /** Default `public`. */
  readonly schema?: string;
}

/**
 * Updates, inserts and deletes rows of a sample, in one transaction, and returns the legacy keys of every target row that must follow:
 * a new name of a user is an update of the profile and of each patient that takes its name from there. In the reported shape the key of
 * a project is its uid. Every update shows in the mapped row, and no other target row changes. Deleted rows are listed by the key that
 * is gone; a membership whose pair came back under a new id is listed under both.
 */
export const mutate = (options: MutationOptions & Where): Promise<Mutation> => {
  const { seed, share, shape, schema = "public" } = options;
  return onDatabase(options, async (db) => {
    await db.query(mutationScript({ seed, share, shape, schema }));
    const changes = await readChanges(db);
    await db.query(dropTools);
    return changes;
  });
};

const readChanges = async (db: Database): Promise<Mutation> => {
  const { rows } = await db.query(
    "select entity, change, array_agg(distinct key order by key)::text as keys from sample_tools.changes group by 1, 2",
  );
  const keys = (entity: string, change: string): number[] => {
    const text = rows.find((row) => row["entity"] === entity && row["change"] === change)?.["keys"];
    return typeof text === "string" ? text.slice(1, -1).split(",").map(Number) : [];
  };
  const of = (entity: MutatedEntity): Changes => ({
    updated: keys(entity, "updated"),
    inserted: keys(entity, "inserted"),
    deleted: keys(entity, "deleted"),
  });
  return {
    practices: of("practices"),
    profiles: of("profiles"),
    patients: of("patients"),
    cases: of("cases"),
    projects: of("projects"),
    practice_members: of("practice_members"),
    case_states: of("case_states"),
    workflow_templates: of("workflow_templates"),
  };
};
