import { defineComposer, json, text } from "./composer.ts";
import { line, member, named } from "./words.ts";

/** A workflow template: its name, and what is done in its steps. Codes, durations and predecessors are numbers, not words. */
export const composeWorkflowTemplate = defineComposer(
  "workflow_template",
  { name: text, steps: json },
  ({ name, steps }) => [
    line("Workflow", named(name)),
    ...(Array.isArray(steps) ? steps : []).map(stepLine),
  ],
);

function stepLine(step: unknown): string | null {
  const words = ["action", "function", "category"]
    .map((part) => named(member(step, part)))
    .filter((part) => part !== null);
  return line("Step", words.length === 0 ? null : words.join(", "));
}
