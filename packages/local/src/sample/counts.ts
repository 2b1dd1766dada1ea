/**
 * How many rows a sample has. Scale 1 is the stakeholder report's snapshot (LEGACY: 90,039 source rows in seven tables).
 */

/** Rows of the report's snapshot. Plans and instructions are only joined by the mapping; sources differ about the plans. */
const snapshot = {
  offices: 844,
  users: 9_101,
  patients: 7_849,
  projects: 66_904,
  links: 438,
  states: 4_751,
  templates: 152,
  instructions: 23_300,
  plans: 40_000,
} as const;

/** The tables that the report counts. */
const reported = [
  "offices",
  "users",
  "patients",
  "projects",
  "links",
  "states",
  "templates",
] as const;

export type Counts = { readonly [T in keyof typeof snapshot]: number } & {
  /** The rows of the seven tables that are migrated. */
  readonly sourceRows: number;
};

/** Rows per table at a scale: rounded, at least 3. */
export const counts = (scale: number): Counts => {
  const rows = (of: keyof typeof snapshot): number => Math.max(3, Math.round(snapshot[of] * scale));
  return {
    offices: rows("offices"),
    users: rows("users"),
    patients: rows("patients"),
    projects: rows("projects"),
    links: rows("links"),
    states: rows("states"),
    templates: rows("templates"),
    instructions: rows("instructions"),
    plans: rows("plans"),
    sourceRows: reported.reduce((sum, table) => sum + rows(table), 0),
  };
};

/** Everything that the generator's SQL asks for by `amount('…')`: the counts and the sizes of the groups within them. */
export const amounts = (scale: number): Readonly<Record<string, number>> => {
  const rows = counts(scale);
  const share = (of: number, part: number): number => Math.max(1, Math.round(of * part));
  const doctors = Math.max(2, share(rows.users, 0.11));
  const technicians = rows.users < 20 ? 0 : share(rows.users, 0.015);
  const staff = doctors + technicians + (rows.users < 20 ? 0 : share(rows.users, 0.005));
  const sharedAddresses = share(7, scale);
  return {
    ...rows,
    doctors,
    technicians,
    staff,
    patient_users: rows.users - staff,
    members: Math.max(2, share(doctors, 0.35)),
    mailboxes: rows.users - Math.round(rows.users * (7_857 / 9_101)),
    shared_addresses: sharedAddresses,
    shared_rows: sharedAddresses + share(62, scale),
    planned: share(rows.projects, 0.52),
    instructions_planned: Math.min(share(rows.instructions, 0.95), share(rows.projects, 0.52)),
    holds: Math.round(rows.states * (2_599 / 4_751)),
  };
};
