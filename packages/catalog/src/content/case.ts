import { defineComposer, json, text } from "./composer.ts";
import { label, line, member, named, written } from "./words.ts";

/** A case: its title, its type and state, and what was written of it in the order. */
export const composeCase = defineComposer(
  "case",
  { title: text, case_type: text, current_state: text, metadata: json },
  ({ title, case_type, current_state, metadata }) => {
    const clinical = (name: string): string | null =>
      written(member(member(metadata, "clinical"), name));
    return [
      line("Case", named(title)),
      line("Type", label(case_type)),
      line("State", label(current_state)),
      line("Complaint", clinical("complaint")),
      line("Conditions", clinical("conditions")),
      line("Objective", clinical("objective")),
      line("Notes", clinical("notes")),
    ];
  },
);
