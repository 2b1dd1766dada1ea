/** What is migrated. A new entity is a file here and a line below; no process starts on what does not fit (`checkCatalog`). */
import type { Entity } from "../entity.ts";
import { caseStates } from "./case-states.ts";
import { cases } from "./cases.ts";
import { patients } from "./patients.ts";
import { practiceMembers } from "./practice-members.ts";
import { practices } from "./practices.ts";
import { profiles } from "./profiles.ts";
import { projects } from "./projects.ts";
import { workflowTemplates } from "./workflow-templates.ts";

export const entities: readonly Entity[] = [
  practices,
  profiles,
  patients,
  cases,
  projects,
  practiceMembers,
  caseStates,
  workflowTemplates,
];
