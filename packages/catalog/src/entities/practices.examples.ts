import type { Example } from "../entity.ts";

const row = { id: 7, name: "Smile Lab", address: "1 Main St", phone: "555 0100" };

export const practiceExamples: readonly Example[] = [
  {
    shows: "an address is joined of its parts, the blank ones left out",
    shape: "real",
    row: {
      ...row,
      apt: " ",
      city: "Springfield",
      state: "IL",
      zip: "62701",
      country: "USA",
      valid: true,
    },
    expect: {
      loaded: {
        legacy_id: 7,
        name: "Smile Lab",
        address: "1 Main St, Springfield, IL 62701, USA",
        email: null,
        is_active: true,
      },
    },
  },
  {
    shows: "an office without a name is named by its id",
    shape: "real",
    row: { ...row, name: "\u3000\u00a0", valid: null },
    expect: { loaded: { name: "Practice 7", is_active: true }, notes: ["name_missing"] },
  },
  {
    shows: "an invalid office is loaded as inactive",
    shape: "real",
    row: {
      ...row,
      name: "さくら歯科\u3000",
      address: null,
      phone: "",
      valid: false,
      country: "Japan",
    },
    expect: { loaded: { name: "さくら歯科", address: "Japan", phone: null, is_active: false } },
  },
  {
    shows: "half an emoji is dropped",
    shape: "real",
    row: { ...row, name: "Smile \ud83d Lab" },
    expect: { loaded: { name: "Smile  Lab" }, notes: ["text_repaired"] },
  },
  {
    shows: "an e-mail address is trimmed and lower-cased, times are kept to the microsecond",
    shape: "reported",
    row: {
      ...row,
      email: " Office@Smile.test ",
      created_at: "2019-05-01 10:00:00.123456+00",
      updated_at: null,
    },
    expect: {
      loaded: {
        email: "office@smile.test",
        is_active: true,
        created_at: "2019-05-01 10:00:00.123456+00",
        updated_at: "2019-05-01 10:00:00.123456+00",
      },
    },
  },
  {
    shows: "the word null is no e-mail address, and infinity is no time",
    shape: "reported",
    row: { ...row, email: "null", created_at: "infinity", updated_at: null },
    expect: {
      loaded: { email: null, created_at: null },
      notes: ["email_invalid", "date_out_of_range"],
    },
  },
];
