import type { Example } from "../entity.ts";

const row = {
  id: 31,
  username: "hana",
  email: "",
  first_name: "Hana",
  last_name: "Sato ",
  is_active: true,
  is_staff: false,
  is_superuser: false,
  last_login: null,
  date_joined: "2018-02-03 04:05:06.789+00",
  office_ids: null,
  office_id: null,
  office_in_source: false,
  has_patient: false,
};
const practice = { id: "00000000-0000-5000-8000-000000000007" };

export const profileExamples: readonly Example[] = [
  {
    shows: "a user without group, office or patient row is a user, without practice",
    shape: "real",
    row: { ...row, group_ids: null, has_doctorsetting: false },
    expect: {
      loaded: {
        legacy_id: 31,
        practice_id: null,
        email: null,
        first_name: "Hana",
        last_name: "Sato",
        role: "user",
        metadata:
          '{"legacy":{"username":"hana","is_active":true,"is_staff":false,"is_superuser":false}}',
        created_at: "2018-02-03 04:05:06.789+00",
        updated_at: "2018-02-03 04:05:06.789+00",
      },
    },
  },
  {
    shows: "a doctor of an office belongs to its practice; ids ascend in metadata",
    shape: "reported",
    row: {
      ...row,
      email: "Hana@Clinic.test",
      office_ids: [9, 7],
      office_id: 7,
      office_in_source: true,
    },
    parents: { "practices:7": practice },
    expect: {
      loaded: {
        practice_id: practice.id,
        email: "hana@clinic.test",
        role: "doctor",
        metadata:
          '{"legacy":{"username":"hana","is_active":true,"is_staff":false,"is_superuser":false,"office_ids":[7,9]}}',
      },
    },
  },
  {
    shows: "an administrator who is also a doctor is an admin; a malformed e-mail is noted",
    shape: "real",
    row: { ...row, email: "hana at home", group_ids: [2, 4] },
    expect: { loaded: { email: null, role: "admin" }, notes: ["email_invalid"] },
  },
  {
    shows: "a doctor's settings make a doctor of a technician",
    shape: "real",
    row: { ...row, group_ids: [11], has_doctorsetting: true },
    expect: { loaded: { role: "doctor" } },
  },
  {
    shows: "staff are technicians, even with a patient row",
    shape: "reported",
    row: { ...row, is_staff: true, has_patient: true },
    expect: { loaded: { role: "technician" } },
  },
  {
    shows: "a patient row makes a patient, whose practice may be gone from the source",
    shape: "real",
    row: { ...row, has_patient: true, office_id: 8, last_login: "2020-01-02 03:04:05.6+00" },
    expect: {
      loaded: {
        role: "patient",
        practice_id: null,
        metadata:
          '{"legacy":{"username":"hana","is_active":true,"is_staff":false,"is_superuser":false,"last_login":"2020-01-02T03:04:05.600000Z"}}',
      },
      notes: ["practice_id_dangling"],
    },
  },
  {
    shows: "a profile waits for a practice that is not loaded yet",
    shape: "real",
    row: { ...row, office_id: 7, office_in_source: true },
    expect: { parked: "practices" },
  },
];
