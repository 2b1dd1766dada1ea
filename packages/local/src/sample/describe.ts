import { counts } from "./counts.ts";

/** What a sample of this scale holds, as a table for people. */
export const describeSample = (scale: number): string => {
  const rows = counts(scale);
  const lines: readonly [string, number, string][] = [
    [
      "dispatch_office",
      rows.offices,
      "39 % not valid; blank and Japanese names; all kinds of white space",
    ],
    [
      "auth_user",
      rows.users,
      "86 % blank e-mails; shared, malformed and mixed-case ones; test and inactive accounts",
    ],
    [
      "dispatch_patient",
      rows.patients,
      "5 % without office; births in the 1800s, in 2090 and at infinity; broken JSON",
    ],
    [
      "dispatch_project",
      rows.projects,
      "48 % without a plan; blank names; sizes beyond 2^31 and below 0",
    ],
    ["dispatch_office_doctors", rows.links, "doctors of several offices"],
    ["dispatch_state", rows.states, "equal instants; ids not in time order; 1 % without a case"],
    ["dispatch_template", rows.templates, "blank names"],
  ];
  const number = (value: number): string => value.toLocaleString("en-US");
  const table = lines.map(
    ([name, count, note]) => `${name.padEnd(24)}${number(count).padStart(12)}  ${note}`,
  );
  return [
    `${"table".padEnd(24)}${"rows".padStart(12)}  what is odd about them`,
    ...table,
    `${"source rows".padEnd(24)}${number(rows.sourceRows).padStart(12)}`,
    `Joined only: ${number(rows.instructions)} instructions, ${number(rows.plans)} plans.`,
  ].join("\n");
};
