import type { Example } from "../entity.ts";

const row = {
  id: 81,
  status: 11,
  changed_at: "2021-03-04 05:06:07.891+00",
  actor_id: 31,
  actor_in_source: true,
  project_id: 52,
  project_in_source: true,
  has_previous: false,
  previous_status: null,
};
const owner = {
  id: "00000000-0000-5000-8000-000000000052",
  practice_id: "00000000-0000-5000-8000-000000000007",
};
const actor = { id: "00000000-0000-5000-8000-000000000031" };
const parents = { "cases:52": owner, "profiles:31": actor };

export const caseStateExamples: readonly Example[] = [
  {
    shows: "the first state of a case has nothing before it",
    shape: "real",
    row: { ...row, on: true },
    parents,
    expect: {
      loaded: {
        legacy_id: 81,
        case_id: owner.id,
        practice_id: owner.practice_id,
        from_state: null,
        to_state: "on_hold",
        changed_by: actor.id,
        reason: "legacy status 11 on",
        created_at: "2021-03-04 05:06:07.891+00",
      },
    },
  },
  {
    shows:
      "switched off, a state goes back under review; the state before it is the previous row's",
    shape: "real",
    row: {
      ...row,
      status: 12,
      on: false,
      has_previous: true,
      previous_status: 12,
      previous_on: true,
    },
    parents,
    expect: {
      loaded: { from_state: "cancelled", to_state: "under_review", reason: "legacy status 12 off" },
    },
  },
  {
    shows: "a label is kept as it is; an actor may be missing",
    shape: "reported",
    row: {
      ...row,
      status: "Quality Check",
      actor_id: null,
      actor_in_source: false,
      has_previous: true,
      previous_status: "planning",
    },
    parents,
    expect: {
      loaded: {
        from_state: "planning",
        to_state: "quality_check",
        changed_by: null,
        reason: "legacy status Quality Check",
      },
    },
  },
  {
    shows: "an unknown code is submitted, here and in the row that follows it",
    shape: "reported",
    row: {
      ...row,
      status: "17",
      has_previous: true,
      previous_status: "18",
      actor_in_source: false,
    },
    parents,
    expect: {
      loaded: {
        from_state: "submitted",
        to_state: "submitted",
        changed_by: null,
        reason: "legacy status 17",
      },
      notes: ["changed_by_dangling", "code_unknown", "code_unknown"],
    },
  },
  {
    shows:
      "a state whose instruction leads to no case is refused, never given to another patient's case",
    shape: "real",
    row: { ...row, on: true, project_id: null, project_in_source: false },
    parents,
    expect: { rejected: "case_unresolved" },
  },
  {
    shows: "a state of a project that is gone from the source is refused",
    shape: "reported",
    row: { ...row, project_in_source: false },
    parents,
    expect: { rejected: "case_id_dangling" },
  },
  {
    shows: "a state waits for its case",
    shape: "real",
    row: { ...row, on: true },
    parents: { "profiles:31": actor },
    expect: { parked: "cases" },
  },
];
