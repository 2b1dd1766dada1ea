/** The columns of the source that the mapping reads, each with the kind of field that it is. */

/**
 * `key`: what rows are ranged over and found by; `reference`: an integer that names another row; `code`: a number or a word;
 * `size`: a whole number of any length; `json`: JSON as text; `mail`: an e-mail address if it is text, else no address at all.
 */
export type Kind =
  | "key"
  | "reference"
  | "code"
  | "size"
  | "flag"
  | "text"
  | "json"
  | "mail"
  | "date"
  | "instant";

/** Per table: `column kind, column kind`. A column that a shape lacks is not read. */
const FIELDS: Readonly<Record<string, string>> = {
  auth_user:
    "id key, username text, first_name text, last_name text, email text, is_active flag, is_staff flag, is_superuser flag, last_login instant, date_joined instant, updated_at instant",
  auth_user_groups: "user_id reference, group_id reference",
  dispatch_office:
    "id key, name text, address text, apt text, city text, state text, zip text, country text, phone text, email mail, valid flag, doctor_id reference, created_at instant, updated_at instant",
  dispatch_office_doctors:
    "id key, office_id reference, user_id reference, created_at instant, updated_at instant",
  dispatch_patient:
    "id key, user_id reference, doctor_id reference, office_id reference, date_of_birth date, birthdate date, sex code, status code, archived flag, suspended flag, submitted_at instant, created_at instant, updated_at instant, suffix text, schemes json, first_name text, last_name text, phone text, email text",
  dispatch_course: "id reference, name text",
  dispatch_instruction:
    "id reference, patient_id reference, course_id reference, notes text, complaint text, conditions text, objective text, deleted flag",
  dispatch_project:
    "id key, uid code, name text, size size, public flag, type code, status code, creator_id reference, patient_id reference, office_id reference, created_at instant, updated_at instant",
  dispatch_plan: "id reference, instruction_id reference, project_id reference, original flag",
  dispatch_state:
    "id key, status code, on flag, changed_at instant, actor_id reference, instruction_id reference, project_id reference",
  dispatch_category: "id reference, name text",
  dispatch_template:
    "id key, task_name text, action_name text, function code, status code, duration code, office_id reference, category_id reference, course_id reference, created_at instant, updated_at instant",
  dispatch_template_predecessors: "from_template_id reference, to_template_id reference",
  dispatch_doctorsetting: "user_id reference",
};

export interface SourceField {
  readonly column: string;
  readonly kind: Kind;
}

const KINDS: ReadonlySet<string> = new Set<Kind>([
  "key",
  "reference",
  "code",
  "size",
  "flag",
  "text",
  "json",
  "mail",
  "date",
  "instant",
]);

function isKind(word: string): word is Kind {
  return KINDS.has(word);
}

const parsed: ReadonlyMap<string, readonly SourceField[]> = new Map(
  Object.entries(FIELDS).map(([table, fields]) => [table, fields.split(", ").map(fieldOf)]),
);

function fieldOf(words: string): SourceField {
  const [column = "", kind = ""] = words.split(" ");
  if (!isKind(kind)) throw new Error(`source-fields: ${words} is of no known kind`);
  return { column, kind };
}

/** The fields of a table; none of a table that is not read. */
export function fieldsOf(table: string): readonly SourceField[] {
  return parsed.get(table) ?? [];
}

/** The tables that the mapping knows, whether a source has them or not. */
export const knownTables: readonly string[] = [...parsed.keys()];
