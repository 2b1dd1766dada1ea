/** Which people an earlier tool loaded, and what it kept of each: dealt by lot, in the report's proportions. */
import type { Lots } from "./lots.ts";
import type { Person } from "./source.ts";

export interface Deal {
  /** Loaded with their key. */
  readonly keyed: readonly Person[];
  /** Loaded without their key, and with an e-mail address that nobody else has. */
  readonly mailed: readonly Person[];
  /** Loaded without their key and with an address that several people of the source have. */
  readonly shared: readonly { readonly person: Person; readonly email: string }[];
  /** Loaded without key or address, because the source has none of theirs. */
  readonly bare: readonly Person[];
  /** Loaded twice: with their key both times, once, or never. */
  readonly twins: readonly { readonly person: Person; readonly keyed: 0 | 1 | 2 }[];
  /** Loaded with their keys, each with the other's address. */
  readonly swapped: readonly (readonly [Person, Person])[];
  /** Rows of nobody: half of them with a key. */
  readonly foreign: number;
}

/** The report's: 5,502 profiles of 9,101 users. */
const LOADED = 5_502 / 9_101;

/** How many rows of each kind there are among `rows`; half of all have a key. */
function sizes(people: number) {
  const rows = Math.round(people * LOADED);
  const twins = Math.max(3, Math.round(rows * 0.03));
  const shared = Math.max(2, Math.round(rows * 0.02));
  const foreign = Math.max(2, Math.round(rows * 0.01));
  const swapped = Math.max(1, Math.round(rows * 0.002));
  const plain = rows - twins * 2 - shared - foreign - swapped * 2;
  // Of three people who are there twice, one has two keys, one has one, one has none.
  const keyed = Math.round(rows / 2) - twins - swapped * 2 - Math.floor(foreign / 2);
  return { twins, shared, foreign, swapped, keyed, others: plain - keyed };
}

/** Throws where the source is too small to have all kinds. */
export function deal(people: readonly Person[], lots: Lots): Deal {
  const size = sizes(people.length);
  const { own, common, none } = byAddress(lots.shuffled("person", people));
  const addresses = [...new Set(common.flatMap(({ address }) => address ?? []))].sort();
  const needed = size.swapped * 2 + size.twins;
  if (own.length < needed + 1 || addresses.length === 0 || none.length === 0)
    throw new Error(
      `Of ${people.length} users of the source, ${own.length} have an e-mail address of their own, and at least ${needed + 1} are needed: make a larger sample (scale 0.02 or more)`,
    );
  const take = (from: Person[], count: number): Person[] => from.splice(0, count);
  const pairs = take(own, size.swapped * 2);
  const twins = take(own, size.twins);
  const sharing = take(common, Math.ceil(size.shared / 2));
  const borrowing = take(none, size.shared - sharing.length);
  const mailed = take(own, Math.min(size.others, Math.ceil(own.length * 0.9)));
  const bare = take(none, size.others - mailed.length);
  return {
    swapped: pairs.flatMap((person, n) =>
      n % 2 === 0 ? [[person, pairs[n + 1] ?? person] as const] : [],
    ),
    twins: twins.map((person, n) => ({ person, keyed: ([2, 1, 0] as const)[n % 3] ?? 0 })),
    shared: [...sharing, ...borrowing].map((person, n) => ({
      person,
      email: person.address ?? lots.oneOf("shared address", n, [addresses[0] ?? "", ...addresses]),
    })),
    mailed,
    bare,
    keyed: lots.shuffled("key", [...own, ...common, ...none]).slice(0, size.keyed),
    foreign: size.foreign,
  };
}

/** People with an address of their own, with one that several have, and with none. */
function byAddress(people: readonly Person[]) {
  const times = new Map<string, number>();
  for (const { address } of people)
    if (address !== null) times.set(address, (times.get(address) ?? 0) + 1);
  const having = (fits: (times: number) => boolean): Person[] =>
    people.filter(({ address }) => fits(address === null ? 0 : (times.get(address) ?? 0)));
  return {
    own: having((n) => n === 1),
    common: having((n) => n > 1),
    none: having((n) => n === 0),
  };
}
