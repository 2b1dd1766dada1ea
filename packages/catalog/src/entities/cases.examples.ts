import type { Example } from "../entity.ts";

const row = {
  id: 52,
  uid: "5f0c1c1e-0000-4000-8000-000000000052",
  name: "Upper arch",
  type: 3,
  status: 0,
  created_at: "2021-01-02 03:04:05.000006+00",
  patient_id: 40,
  patient_in_source: true,
  creator_id: 31,
  creator_in_source: true,
};
const reported = {
  ...row,
  uid: 9052,
  office_id: 7,
  office_in_source: true,
  updated_at: "2022-01-01 00:00:00+00",
};
const practice = { id: "00000000-0000-5000-8000-000000000007" };
const patient = { id: "00000000-0000-5000-8000-000000000040", practice_id: practice.id };
const doctor = {
  id: "00000000-0000-5000-8000-000000000031",
  practice_id: practice.id,
  role: "doctor",
};
const parents = { "patients:40": patient, "profiles:31": doctor, "practices:7": practice };

export const caseExamples: readonly Example[] = [
  {
    shows: "the course of the chain's instruction decides the type; the practice is the patient's",
    shape: "real",
    row: {
      ...row,
      public: false,
      course: "Refinement",
      instruction_id: 61,
      plan_ids: [72, 71],
      notes: " keep 13 ",
      complaint: "",
      conditions: null,
      objective: null,
    },
    parents: { "patients:40": patient },
    expect: {
      loaded: {
        legacy_project_id: 52,
        patient_id: patient.id,
        practice_id: practice.id,
        case_number: "CASE-000052",
        title: "Upper arch",
        case_type: "refinement",
        current_state: "submitted",
        metadata:
          '{"legacy":{"uid":"5f0c1c1e-0000-4000-8000-000000000052","type":3,"status":0,"public":false,"instruction_id":61,"plan_ids":[71,72]},"clinical":{"notes":"keep 13"}}',
        created_at: "2021-01-02 03:04:05.000006+00",
        updated_at: "2021-01-02 03:04:05.000006+00",
      },
    },
  },
  {
    shows:
      "without a chain there is no patient, and a doctor's practice is inferred from the creator",
    shape: "real",
    row: {
      ...row,
      id: 1234567,
      name: "",
      type: 0,
      status: 2,
      patient_id: null,
      patient_in_source: false,
    },
    parents,
    expect: {
      loaded: {
        patient_id: null,
        practice_id: practice.id,
        case_number: "CASE-1234567",
        title: "Case 1234567",
        case_type: "initial_consultation",
        current_state: "completed",
      },
      notes: ["patient_unresolved", "practice_inferred"],
    },
  },
  {
    shows:
      "a technician's practice says nothing of a case; an unmapped course leaves the type to the project",
    shape: "real",
    row: { ...row, type: 11, course: "Invoice" },
    parents: {
      "patients:40": { ...patient, practice_id: null },
      "profiles:31": { ...doctor, role: "technician" },
    },
    expect: {
      loaded: { practice_id: null, case_type: "active_treatment" },
      notes: ["practice_unresolved"],
    },
  },
  {
    shows: "the project's own office and patient come first, and the creator is not asked for",
    shape: "reported",
    row: { ...reported, type: "Active Treatment", status: "1" },
    parents: { "patients:40": { ...patient, practice_id: null }, "practices:7": practice },
    expect: {
      loaded: {
        practice_id: practice.id,
        case_type: "active_treatment",
        current_state: "in_production",
        metadata: '{"legacy":{"uid":9052,"type":"Active Treatment","status":"1"}}',
        updated_at: "2022-01-01 00:00:00+00",
      },
    },
  },
  {
    shows: "unknown and missing codes become the default",
    shape: "reported",
    row: { ...reported, type: "mystery", status: null },
    parents,
    expect: {
      loaded: { case_type: "treatment_planning", current_state: "submitted" },
      notes: ["code_unknown", "code_unknown"],
    },
  },
  {
    shows: "links that dangle in the source become NULL, never another's practice",
    shape: "reported",
    row: { ...reported, patient_in_source: false, office_in_source: false },
    expect: {
      loaded: { patient_id: null, practice_id: null },
      notes: ["patient_id_dangling", "practice_id_dangling"],
    },
  },
  {
    shows: "a creator who is gone from the source leaves the practice unresolved",
    shape: "real",
    row: { ...row, patient_id: null, patient_in_source: false, creator_in_source: false },
    expect: { loaded: { practice_id: null }, notes: ["patient_unresolved", "practice_unresolved"] },
  },
  {
    shows: "a case waits for its patient",
    shape: "real",
    row,
    parents: { "profiles:31": doctor },
    expect: { parked: "patients" },
  },
  {
    shows: "a case waits for its creator where only he can tell the practice",
    shape: "real",
    row: { ...row, patient_id: null, patient_in_source: false },
    expect: { parked: "profiles" },
  },
];
