/** The two shapes in which the legacy database is known, and a mixture, for the tests of what reads it. */
import { sourceShape, type SourceShape } from "./source-shape.ts";

const TYPES: Readonly<Record<string, string>> = {
  int: "integer",
  text: "character varying",
  time: "timestamp with time zone",
  bool: "boolean",
};

type Tables = Readonly<Record<string, string>>;

/** A shape of tables, each with its columns as `name type, name type`. A later group adds to the earlier ones. */
export function shapeOf(...groups: readonly Tables[]): SourceShape {
  return sourceShape(
    groups
      .flatMap((tables) => Object.entries(tables))
      .flatMap(([table, columns]) =>
        columns.split(", ").map((named) => {
          const [column = "", type = ""] = named.split(" ");
          return { table, column, type: TYPES[type] ?? type };
        }),
      ),
  );
}

const REAL: Tables = {
  auth_group: "id int, name text",
  auth_user:
    "id int, password text, last_login time, is_superuser bool, username text, first_name text, last_name text, email text, is_staff bool, is_active bool, date_joined time",
  auth_user_groups: "id int, user_id int, group_id int",
  dispatch_office:
    "id int, name text, address text, apt text, city text, state text, zip text, country text, phone text, tax_rate numeric, valid bool, sq_customer_id text, emails bool, doctor_id int",
  dispatch_office_doctors: "id int, office_id int, user_id int",
  dispatch_patient:
    "id int, user_id int, doctor_id int, office_id int, birthdate date, sex int, status int, archived bool, suspended bool, submitted_at time, updated_at time, suffix text, schemes text",
  dispatch_course: "id int, name text, type int, customization text",
  dispatch_instruction:
    "id int, patient_id int, course_id int, order int, model int, scanner int, scanner_notes text, notes text, complaint text, conditions text, objective text, exports text, price numeric, status int, cbct bool, accept_extraction bool, comprehensive bool, deleted bool, suffix text, submitted_at time, updated_at time",
  dispatch_project:
    "id int, uid uuid, created_at time, name text, size bigint, public bool, type int, status int, creator_id int",
  dispatch_plan:
    "id int, instruction_id int, project_id int, number int, name text, notes text, original bool",
  dispatch_state: "id int, status int, on bool, changed_at time, actor_id int, instruction_id int",
  dispatch_category: "id int, name text, parent_id int",
  dispatch_template:
    "id int, task_name text, action_name text, text_name text, function int, status int, duration int, predefined bool, read_only bool, extensions text, alerts text, separate bool, category_id int, course_id int",
  dispatch_template_predecessors: "id int, from_template_id int, to_template_id int",
  dispatch_usersetting: "id int, user_id int, emails bool, require_2fa bool",
  dispatch_doctorsetting:
    "id int, user_id int, clinical_preferences text, sq_customer_id text, promised_payment bool, credit numeric, tier_finish date, tier_type int, installment_payments int, baa_agreed_at time, eula_agreed_at time, company_account bool",
};

/** As it is believed to be: patients are found through plans and instructions. */
export const realShape: SourceShape = shapeOf(REAL);

/** The real shape, to which someone has added the direct links of the reported one. */
export const mixedShape: SourceShape = shapeOf(REAL, {
  dispatch_office: "email text, created_at time",
  dispatch_patient: "first_name text, email text, date_of_birth date, created_at time",
  dispatch_project: "patient_id int, office_id int, updated_at time",
  dispatch_state: "project_id int",
  dispatch_template: "office_id int",
});

/** As the stakeholder report describes it: direct links, names on the patient, an integer uid. */
export const reportedShape: SourceShape = shapeOf({
  auth_user:
    "id int, password text, last_login time, is_superuser bool, username text, first_name text, last_name text, email text, is_staff bool, is_active bool, date_joined time",
  dispatch_office:
    "id int, name text, address text, phone text, email text, created_at time, updated_at time",
  dispatch_office_doctors: "id int, office_id int, user_id int",
  dispatch_patient:
    "id int, user_id int, first_name text, last_name text, date_of_birth date, phone text, email text, created_at time, updated_at time",
  dispatch_project:
    "id int, uid int, patient_id int, office_id int, name text, type text, status text, size bigint, creator_id int, created_at time, updated_at time",
  dispatch_state: "id int, project_id int, status text, actor_id int, changed_at time",
  dispatch_template: "id int, office_id int, task_name text, function text",
});
