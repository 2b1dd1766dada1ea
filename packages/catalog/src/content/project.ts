import { defineComposer, text } from "./composer.ts";
import { label, line, named } from "./words.ts";

/** A project: its name, its type and its status. */
export const composeProject = defineComposer(
  "project",
  { name: text, project_type: text, status: text },
  ({ name, project_type, status }) => [
    line("Project", named(name)),
    line("Type", label(project_type)),
    line("Status", label(status)),
  ],
);
