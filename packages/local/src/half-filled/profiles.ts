/** The profiles of a half-filled target. */
import { type Account, type Match, nothing } from "./account.ts";
import { type Deal, deal } from "./deal.ts";
import type { Lots } from "./lots.ts";
import type { Person } from "./source.ts";

export interface ProfileRow {
  readonly id: string;
  readonly practice_id: string | null;
  readonly email: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly role: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

/** How a row came to be known: its key, where the tool kept one, and its e-mail address. */
interface Known {
  readonly key?: number;
  readonly email: string | null;
}

interface Maker {
  readonly rows: ProfileRow[];
  /** Makes a row, and returns its id. */
  readonly make: (person: Omit<Person, "id" | "address">, known: Known) => string;
  readonly lots: Lots;
}

/** Rows in the proportions of `deal`, in an order of their own; a third of them belongs to a practice of `practices`, right or wrong. */
export function fillProfiles(
  people: readonly Person[],
  practices: readonly string[],
  lots: Lots,
): { rows: ProfileRow[]; account: Account } {
  const maker = openMaker(practices, lots);
  const dealt = deal(people, lots);
  const account: Account = {
    ...nothing,
    byKey: dealt.keyed.map((person, n) => makeKeyed(maker, person, n)),
    byNature: dealt.mailed.map((person, n) => makeMailed(maker, person, n)),
    duplicates: dealt.twins.map(({ person, keyed }) => ({
      legacyKey: person.id,
      ids: [makeTwin(maker, person, keyed >= 1), makeTwin(maker, person, keyed === 2)],
    })),
    shared: dealt.shared.map(({ person, email }) => maker.make(person, { email })),
    contradicted: dealt.swapped.flatMap(([one, other]) => [
      maker.make(one, { key: one.id, email: other.email }),
      maker.make(other, { key: other.id, email: one.email }),
    ]),
    bare: dealt.bare.map((person, n) => makeBare(maker, person, n)),
    foreign: makeForeign(maker, dealt, Math.max(...people.map(({ id }) => id))),
  };
  return {
    rows: lots.shuffled("profile row", maker.rows),
    account: { ...account, rows: maker.rows.length },
  };
}

function openMaker(practices: readonly string[], lots: Lots): Maker {
  const rows: ProfileRow[] = [];
  const make: Maker["make"] = ({ first_name, last_name, is_staff, joined }, { key, email }) => {
    const n = rows.length;
    const place = Math.floor(lots.draw("practice of a profile", n) * practices.length * 3);
    const id = lots.id("profile", n);
    rows.push({
      id,
      practice_id: practices[place] ?? null,
      email,
      first_name,
      last_name,
      role: is_staff ? "technician" : "user",
      metadata: { imported_by: "sync", ...keyAs(lots, n, key) },
      created_at: joined,
    });
    return id;
  };
  return { rows, make, lots };
}

/** The key as a number, now and then as text. */
function keyAs(lots: Lots, n: number, key: number | undefined): Record<string, unknown> {
  if (key === undefined) return {};
  return { legacy_user_id: lots.draw("key as text", n) < 0.1 ? String(key) : key };
}

/** Some with an address that is out of date since. */
function makeKeyed({ make, lots }: Maker, person: Person, n: number): Match {
  const former = lots.draw("former address", n) < 0.05;
  const email = former ? `former.${n}@elsewhere.example` : person.email;
  return { id: make(person, { key: person.id, email }), legacyKey: person.id };
}

/** As the source has it, or tidied. */
function makeMailed({ make, lots }: Maker, person: Person, n: number): Match {
  const email = lots.draw("tidied", n) < 0.5 ? person.email : person.address;
  return { id: make(person, { email }), legacyKey: person.id };
}

function makeTwin({ make }: Maker, person: Person, keyed: boolean): string {
  return make(person, { email: person.address, ...(keyed ? { key: person.id } : {}) });
}

/** Blank, absent or malformed as in the source, or made up by a tool that needed one. */
function makeBare({ make, lots }: Maker, person: Person, n: number): string {
  const made = `no.address.${n}@placeholder.example`;
  return make(person, {
    email: lots.oneOf("no address", n, [person.email, person.email, null, made]),
  });
}

function makeForeign({ make, lots }: Maker, { foreign }: Deal, highest: number): string[] {
  const nobody = {
    email: "",
    last_name: "Stranger",
    is_staff: false,
    joined: "2024-02-29 12:00:00+00",
  };
  return lots.shuffled("foreign", [...Array(foreign).keys()]).map((n) => {
    const known = n % 2 === 1 ? { key: highest + 100_000 + n } : {};
    const email = `someone.${n}@nowhere.example`;
    return make({ ...nobody, first_name: `Person ${n}` }, { ...known, email });
  });
}
