import type { Example } from "../entity.ts";

const row = {
  id: 40,
  user_id: 31,
  user_in_source: true,
  user_first_name: "Hana",
  user_last_name: "Sato",
  user_email: "Hana@Home.test",
  birth: "1987-05-01",
  created: "2019-05-01 10:00:00+00",
  updated_at: null,
  office_id: 7,
  office_in_source: true,
  office_inferred: false,
};
const practice = { id: "00000000-0000-5000-8000-000000000007" };
const profile = { id: "00000000-0000-5000-8000-000000000031" };
const parents = { "practices:7": practice, "profiles:31": profile };

export const patientExamples: readonly Example[] = [
  {
    shows:
      "names and e-mail address come from the user; numbers in schemes stay as they are written",
    shape: "real",
    row: {
      ...row,
      sex: 2,
      status: 0,
      archived: false,
      suspended: false,
      suffix: "",
      submitted_at: "2019-05-01 10:00:00+00",
      schemes: '{"upper": 1.10, "id": 12345678901234567890}',
    },
    parents,
    expect: {
      loaded: {
        legacy_id: 40,
        practice_id: practice.id,
        profile_id: profile.id,
        first_name: "Hana",
        last_name: "Sato",
        date_of_birth: "1987-05-01",
        phone: null,
        email: "hana@home.test",
        medical_history:
          '{"legacy":{"sex":2,"status":0,"archived":false,"suspended":false,"submitted_at":"2019-05-01T10:00:00.000000Z"},"schemes":{"upper": 1.10, "id": 12345678901234567890}}',
        created_at: "2019-05-01 10:00:00+00",
        updated_at: "2019-05-01 10:00:00+00",
      },
    },
  },
  {
    shows: "malformed schemes are kept as text",
    shape: "real",
    row: { ...row, schemes: "{'upper': 1}" },
    parents,
    expect: {
      loaded: { medical_history: `{"schemes_raw":"{'upper': 1}"}` },
      notes: ["json_invalid"],
    },
  },
  {
    shows: "the patient's own names and contacts come before the user's, a blank one does not",
    shape: "reported",
    row: {
      ...row,
      first_name: "H.",
      last_name: " ",
      phone: "555 0100",
      email: "",
      updated_at: "2020-01-01 00:00:00+00",
    },
    parents,
    expect: {
      loaded: {
        first_name: "H.",
        last_name: "Sato",
        phone: "555 0100",
        email: "hana@home.test",
        medical_history: "{}",
        updated_at: "2020-01-01 00:00:00+00",
      },
    },
  },
  {
    shows:
      "a practice taken through a doctor of several offices is noted; a birth before 1900 is no birth date",
    shape: "real",
    row: { ...row, office_inferred: true, birth: "0087-05-01" },
    parents,
    expect: {
      loaded: { practice_id: practice.id, date_of_birth: null },
      notes: ["date_out_of_range", "practice_inferred"],
    },
  },
  {
    shows: "a patient without user, office, doctor or times is loaded all the same",
    shape: "reported",
    row: {
      ...row,
      user_id: null,
      user_in_source: false,
      user_first_name: null,
      user_last_name: null,
      user_email: null,
      office_id: null,
      office_in_source: false,
      birth: "9999-12-31",
      created: null,
    },
    expect: {
      loaded: {
        practice_id: null,
        profile_id: null,
        first_name: null,
        email: null,
        date_of_birth: null,
        created_at: null,
      },
      notes: ["date_out_of_range", "practice_unresolved"],
    },
  },
  {
    shows: "links that dangle in the source become NULL",
    shape: "real",
    row: { ...row, user_in_source: false, office_in_source: false },
    expect: {
      loaded: { practice_id: null, profile_id: null },
      notes: ["practice_id_dangling", "profile_id_dangling"],
    },
  },
  {
    shows: "a patient waits for a profile that is not loaded yet",
    shape: "real",
    row,
    parents: { "practices:7": practice },
    expect: { parked: "profiles" },
  },
];
