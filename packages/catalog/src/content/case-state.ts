import { defineComposer, text } from "./composer.ts";
import { label, line, written } from "./words.ts";

/** A step in the history of a case: from which state to which, and why. */
export const composeCaseState = defineComposer(
  "case_state",
  { from_state: text, to_state: text, reason: text },
  ({ from_state, to_state, reason }) => [
    line("From", label(from_state)),
    line("To", label(to_state)),
    line("Reason", written(reason)),
  ],
);
