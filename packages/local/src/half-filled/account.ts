/** What a half-filled target holds, row by row: what an adoption should find. */

/** A row of the target, and the legacy key of the only source row that it can be. */
export interface Match {
  readonly id: string;
  /** The value that the legacy key of our own gets: of a project in the reported shape its uid. */
  readonly legacyKey: number;
}

/** Each row of the target is in one list. */
export interface Account {
  readonly rows: number;
  /** By a key that the earlier tool kept, in a column or in metadata. */
  readonly byKey: readonly Match[];
  /** By what it says of itself: a name and an address, an e-mail address, a uid, a number. */
  readonly byNature: readonly Match[];
  /** Several rows of one source row. */
  readonly duplicates: readonly { readonly legacyKey: number; readonly ids: readonly string[] }[];
  /** Rows whose e-mail address is that of several people: never matched by it. */
  readonly shared: readonly string[];
  /** Rows whose key says one person and whose e-mail address another. */
  readonly contradicted: readonly string[];
  /** Rows of the source that say nothing by which they could be found. */
  readonly bare: readonly string[];
  /** Rows that no source row explains. */
  readonly foreign: readonly string[];
}

export const nothing: Account = {
  rows: 0,
  byKey: [],
  byNature: [],
  duplicates: [],
  shared: [],
  contradicted: [],
  bare: [],
  foreign: [],
};

/** All rows that an adoption must leave alone. */
export function strangers(account: Account): string[] {
  const { duplicates, shared, contradicted, bare, foreign } = account;
  return [
    ...duplicates.flatMap(({ ids }) => ids),
    ...shared,
    ...contradicted,
    ...bare,
    ...foreign,
  ].sort();
}

/** All rows that an adoption should match, whatever the key. */
export function matches({ byKey, byNature }: Account): Match[] {
  return [...byKey, ...byNature].sort((a, b) => a.legacyKey - b.legacyKey);
}
