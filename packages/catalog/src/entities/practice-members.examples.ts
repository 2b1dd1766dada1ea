import type { Example } from "../entity.ts";

const row = {
  id: 3,
  office_id: 7,
  office_in_source: true,
  user_id: 31,
  user_in_source: true,
  is_active: true,
  duplicate: false,
};
const practice = { id: "00000000-0000-5000-8000-000000000007" };
const profile = { id: "00000000-0000-5000-8000-000000000031" };
const parents = { "practices:7": practice, "profiles:31": profile };

export const practiceMemberExamples: readonly Example[] = [
  {
    shows: "a user of an office is a doctor of its practice",
    shape: "real",
    row: { ...row, owner_id: 32 },
    parents,
    expect: {
      loaded: {
        legacy_id: 3,
        practice_id: practice.id,
        profile_id: profile.id,
        role: "doctor",
        is_active: true,
        created_at: null,
        updated_at: null,
      },
    },
  },
  {
    shows: "the doctor of the office owns the practice",
    shape: "real",
    row: { ...row, owner_id: 31, is_active: false },
    parents,
    expect: { loaded: { role: "owner", is_active: false } },
  },
  {
    shows: "where offices name no doctor, everyone is a doctor",
    shape: "reported",
    row,
    parents,
    expect: { loaded: { role: "doctor" } },
  },
  {
    shows: "of two rows for one pair, the later is refused",
    shape: "reported",
    row: { ...row, id: 4, duplicate: true },
    parents,
    expect: { rejected: "duplicate_membership" },
  },
  {
    shows: "a membership needs its office",
    shape: "real",
    row: { ...row, office_in_source: false },
    parents,
    expect: { rejected: "practice_id_dangling" },
  },
  {
    shows: "a membership needs its user",
    shape: "real",
    row: { ...row, user_in_source: false, is_active: null },
    parents,
    expect: { rejected: "profile_id_dangling" },
  },
  {
    shows: "a membership of nobody is refused",
    shape: "real",
    row: { ...row, user_id: null, user_in_source: false, is_active: null },
    parents,
    expect: { rejected: "profile_id_missing" },
  },
  {
    shows: "a membership waits for its profile",
    shape: "real",
    row,
    parents: { "practices:7": practice },
    expect: { parked: "profiles" },
  },
];
