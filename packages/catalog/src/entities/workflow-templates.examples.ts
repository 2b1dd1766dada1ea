import type { Example } from "../entity.ts";

const row = { id: 5, task_name: "Check the scan", function: 4 };
const practice = { id: "00000000-0000-5000-8000-000000000007" };

export const workflowTemplateExamples: readonly Example[] = [
  {
    shows: "a task of a workflow with its course, its category and what comes before it",
    shape: "real",
    row: {
      ...row,
      action_name: " Check ",
      status: 2,
      duration: 30,
      category: "Scans",
      course: "Main",
      predecessors: [4, 2],
    },
    expect: {
      loaded: {
        legacy_id: 5,
        practice_id: null,
        name: "Check the scan",
        case_type: "active_treatment",
        steps:
          '[{"action":"Check","function":4,"status":2,"duration":30,"category":"Scans","predecessors":[2,4]}]',
        is_active: true,
        created_at: null,
        updated_at: null,
      },
    },
  },
  {
    shows: "without a name or an action it is named by its id and has what is left",
    shape: "real",
    row: { ...row, task_name: "", action_name: null, course: "Replacement" },
    expect: {
      loaded: { name: "Template 5", case_type: "follow_up", steps: '[{"function":4}]' },
      notes: ["name_missing"],
    },
  },
  {
    shows: "a course that is no case type is planning; no course at all is nothing to note",
    shape: "real",
    row: { ...row, course: "Any" },
    expect: { loaded: { case_type: "treatment_planning" }, notes: ["code_unknown"] },
  },
  {
    shows: "a template of an office, with a text function",
    shape: "reported",
    row: { ...row, function: "check", office_id: 7, office_in_source: true },
    parents: { "practices:7": practice },
    expect: {
      loaded: {
        practice_id: practice.id,
        case_type: "treatment_planning",
        steps: '[{"action":"Check the scan","function":"check"}]',
      },
      notes: [],
    },
  },
  {
    shows: "a template whose office is gone from the source is shared",
    shape: "reported",
    row: { ...row, function: null, office_id: 7, office_in_source: false },
    expect: { loaded: { practice_id: null }, notes: ["practice_id_dangling"] },
  },
  {
    shows: "a template waits for its practice",
    shape: "reported",
    row: { ...row, office_id: 7, office_in_source: true },
    expect: { parked: "practices" },
  },
];
