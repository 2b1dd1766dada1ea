import type { Example } from "../entity.ts";

const row = {
  id: 52,
  uid: "5f0c1c1e-0000-4000-8000-000000000052",
  legacy_id: 52,
  name: "Upper arch",
  type: 3,
  status: 0,
  size: "4294967296",
  creator_id: 31,
  creator_in_source: true,
  created_at: "2021-01-02 03:04:05.000006+00",
};
const practiceId = "00000000-0000-5000-8000-000000000007";
const parents = {
  "cases:52": { id: "00000000-0000-5000-8000-000000000052", practice_id: practiceId },
  "profiles:31": { id: "00000000-0000-5000-8000-000000000031" },
};

export const projectExamples: readonly Example[] = [
  {
    shows: "a file set belongs to its case and to the practice of it",
    shape: "real",
    row: { ...row, public: true },
    parents,
    expect: {
      loaded: {
        legacy_id: 52,
        case_id: parents["cases:52"].id,
        practice_id: practiceId,
        name: "Upper arch",
        project_type: "treatment_plan",
        status: "draft",
        file_size: "4294967296",
        creator_id: parents["profiles:31"].id,
        metadata:
          '{"legacy":{"id":52,"uid":"5f0c1c1e-0000-4000-8000-000000000052","type":3,"status":0,"public":true}}',
        created_at: "2021-01-02 03:04:05.000006+00",
        updated_at: "2021-01-02 03:04:05.000006+00",
      },
    },
  },
  {
    shows: "an integer uid is the legacy key; the case is still found by the project's id",
    shape: "reported",
    row: {
      ...row,
      uid: 9052,
      legacy_id: 9052,
      type: "10",
      status: "Approved",
      size: null,
      updated_at: null,
    },
    parents,
    expect: {
      loaded: {
        legacy_id: 9052,
        case_id: parents["cases:52"].id,
        project_type: "simulation",
        status: "approved",
        file_size: null,
        metadata: '{"legacy":{"id":52,"uid":9052,"type":"10","status":"Approved"}}',
      },
    },
  },
  {
    shows: "a negative size is none, a blank name is made of the id, an unknown type is other",
    shape: "real",
    row: { ...row, size: "-1", name: "", type: 99, status: 1 },
    parents,
    expect: {
      loaded: { name: "Project 52", project_type: "other", status: "in_progress", file_size: null },
      notes: ["code_unknown", "size_invalid"],
    },
  },
  {
    shows: "a project may have no creator",
    shape: "real",
    row: { ...row, creator_id: null, creator_in_source: false },
    parents,
    expect: { loaded: { creator_id: null }, notes: [] },
  },
  {
    shows: "a creator who is gone from the source is none",
    shape: "real",
    row: { ...row, creator_in_source: false },
    parents,
    expect: { loaded: { creator_id: null }, notes: ["creator_id_dangling"] },
  },
  {
    shows: "a project without its integer key cannot be represented",
    shape: "reported",
    row: { ...row, uid: null, legacy_id: null },
    parents,
    expect: { rejected: "legacy_id_missing" },
  },
  {
    shows: "a project waits for its case",
    shape: "real",
    row,
    expect: { parked: "cases" },
  },
];
