import type { AccountUser } from "@nexus/catalog";
import { type Dice, dice } from "@nexus/shared/testing";
import { NO_ACCOUNT, type NoAccount } from "@nexus/shared/states";
import { expect, it } from "vitest";
import { type Decision, openAddressBook } from "./decide-accounts.ts";
import { testAccounts } from "./test-accounts.ts";

const user = (id: number, change: Partial<AccountUser> = {}): AccountUser => ({
  id,
  username: `patient.${id}`,
  email: "front.desk@clinic.example",
  isActive: true,
  lastLogin: null,
  ...change,
});

function decide(users: readonly AccountUser[]): Decision[] {
  const book = openAddressBook(testAccounts("test.*,*@qa.example"));
  for (const one of users) book.add(one);
  return users.map((one) => book.decide(one));
}

const account: Decision = { outcome: "account" };
const none = (reason: NoAccount, holder: number | null = null): Decision => ({
  outcome: "none",
  reason,
  holder,
});

it("gives a shared address to the active one who signed in last", () => {
  expect(
    decide([
      user(1, { lastLogin: 5 }),
      user(2, { lastLogin: 7 }),
      user(3),
      user(4, { lastLogin: 9, isActive: false }),
      user(5, { lastLogin: 9, username: "test.doctor5" }),
    ]),
  ).toEqual([
    none("shared_address", 2),
    account,
    none("shared_address", 2),
    none("inactive"),
    none("test_account"),
  ]);
});

it("gives it to the lowest id where logins do not tell", () => {
  const tied = [user(9), user(3), user(4)];
  expect(decide(tied)).toEqual([none("shared_address", 3), account, none("shared_address", 3)]);
  const same = [user(9, { lastLogin: 5 }), user(3, { lastLogin: 5 })];
  expect(decide(same)).toEqual([none("shared_address", 3), account]);
});

it("sees one address in two spellings, as Supabase Auth does", () => {
  const spellings = [
    "A.B@Clinic.Example",
    "a.b@clinic.example",
    "  a.b@clinic.example\t",
    "A.B@Clinic.Example",
  ];
  const users = spellings.map((email, at) => user(at + 1, { email }));
  expect(decide(users)).toEqual([
    account,
    none("case_variant", 1),
    none("case_variant", 1),
    none("shared_address", 1),
  ]);
});

it.each([
  [{ email: "" }, "no_address"],
  [{ email: null }, "no_address"],
  [{ email: " \u3000\t" }, "no_address"],
  [{ email: "null" }, "malformed"],
  [{ email: "two@@clinic.example" }, "malformed"],
  [{ email: "nobody@" }, "malformed"],
  [{ email: "a b@clinic.example" }, "malformed"],
  [{ email: "a@-clinic.example" }, "malformed"],
  [{ email: "a@clinic..example" }, "malformed"],
  [{ email: "a@clinic.example." }, "malformed"],
  // These two are one address after lower-casing by Unicode's rules; Supabase Auth takes neither.
  [{ email: "\u212Aim@clinic.example" }, "malformed"],
  [{ email: "\u0130nfo@clinic.example" }, "malformed"],
  [{ email: `${"a".repeat(250)}@b.example` }, "malformed"],
  [{ isActive: false }, "inactive"],
  [{ isActive: null }, "inactive"],
  [{ isActive: false, email: "" }, "inactive"],
  [{ email: "Robot@QA.example", isActive: false }, "test_account"],
] satisfies [Partial<AccountUser>, NoAccount][])("gives none to %j", (change, reason) => {
  expect(decide([user(1, change)])).toEqual([none(reason)]);
});

it("does not know whom nobody told it of", () => {
  expect(() => openAddressBook(() => false).decide(user(7))).toThrow("user 7 was not added");
});

const LOCALS = [
  "front.desk",
  "Front.Desk",
  "a+b",
  "null",
  "",
  "i",
  "I",
  "\u0130",
  "k",
  "\u212A",
  "ß",
] as const;
const DOMAINS = [
  "@clinic.example",
  "@Clinic.EXAMPLE",
  "@qa.example",
  "",
  "@",
  "@@clinic.example",
] as const;
const BLANKS = ["", "", "", " ", "\t", "\u3000"] as const;

/** A user of few addresses, so that nearly all collide. */
function anybody(id: number, { oneOf, upTo }: Dice): AccountUser {
  return {
    id,
    username: oneOf(["test.user", "patient", "Test.x", null]),
    email: oneOf([oneOf(BLANKS) + oneOf(LOCALS) + oneOf(DOMAINS) + oneOf(BLANKS), "", null]),
    isActive: oneOf([true, true, true, false, null]),
    lastLogin: oneOf([null, upTo(3), upTo(1_000_000) * 1_700_000_000]),
  };
}

it.each(Array.from({ length: 60 }, (_, seed) => seed))(
  "is decided for each user once, whatever the order (seed %i)",
  (seed) => {
    const throws = dice(seed);
    const users = Array.from({ length: 60 }, (_, at) => anybody(at + 1, throws));
    const decisions = decide(users);
    // The sum closes, and each user without an account has a reason.
    const counts = [account, ...NO_ACCOUNT].map(
      (kind) =>
        decisions.filter((one) => ("reason" in one ? one.reason === kind : kind === account))
          .length,
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(users.length);

    const chosen = users.filter((_, at) => decisions[at]?.outcome === "account");
    expect(chosen).toEqual(asSorted(users));

    const shuffled = users.toSorted((a, b) => hash(a.id, seed) - hash(b.id, seed));
    const again = decide(shuffled);
    for (const [at, one] of shuffled.entries()) expect(again[at]).toEqual(decisions[one.id - 1]);
    for (const one of decisions)
      if ("holder" in one && one.holder !== null)
        expect(decisions[one.holder - 1]).toEqual(account);
  },
);

const hash = (id: number, seed: number): number =>
  Math.imul(id * 2_654_435_761 + seed, 40_503) % 1_009;

/** The same rule said in another way: all who could have an account, best first, and the first of each address. */
function asSorted(users: readonly AccountUser[]): AccountUser[] {
  const couldHave = users.filter(
    ({ username, email, isActive }) =>
      isActive === true &&
      !/^test\./i.test(username ?? "") &&
      /^(front\.desk|a\+b|null|i|k)@clinic\.example$/.test(plain(email)),
  );
  const best = couldHave.toSorted(
    (a, b) => (b.lastLogin ?? -1) - (a.lastLogin ?? -1) || a.id - b.id,
  );
  const seen = new Set<string>();
  const first = best.filter(({ email }) => !seen.has(plain(email)) && seen.add(plain(email)));
  return first.toSorted((a, b) => a.id - b.id);
}

/** Lower case of ASCII only. */
function plain(email: string | null): string {
  return (email ?? "").trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
