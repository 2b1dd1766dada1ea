/** Whom accounts are made for: addresses and password hashes, read from the source at the moment when they are sent. */
import {
  accountUser,
  accountUsersOfAddressesSql,
  accountUsersOfKeysSql,
  type AccountUser,
  passwordHash,
  passwordHashesSql,
  signInAddress,
  type SourceShape,
  TEXT_AS_STORED,
} from "@nexus/catalog";
import { type Client, type Pool, readSnapshot } from "@nexus/shared/database";
import type { AccountDeps } from "./deps.ts";

/** Somebody who may get his account, or why he may not: everybody is to be looked at again. */
export type Person =
  | { readonly kind: "person"; readonly email: string; readonly storedPassword: string | null }
  | { readonly kind: "otherwise" };

const OTHERWISE: Person = { kind: "otherwise" };

/**
 * The people with these keys, as the source has them now. What was decided holds for somebody who still may sign in with his address, if
 * all who could have it too were decided to have none because of him. It is not known which address that was.
 */
export async function readPeople(
  { legacy, target, settings }: Pick<AccountDeps, "legacy" | "target" | "settings">,
  shape: SourceShape,
  keys: readonly number[],
  signal: AbortSignal,
): Promise<(key: number) => Person> {
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  const found = await readSnapshot(legacy, (source) => look(source, shape, keys), bounds);
  const yielded = await whoYields(target, [...found.holders.values()].flat());
  return (key) => {
    const address = found.addresses.get(key);
    if (address === undefined) return OTHERWISE;
    const others = found.holders.get(address) ?? [];
    if (others.some((other) => other !== key && !yielded(other, key))) return OTHERWISE;
    return { kind: "person", email: address, storedPassword: found.hashes.get(key) ?? null };
  };
}

interface Found {
  /** In lower case, of those who may sign in. */
  readonly addresses: ReadonlyMap<number, string>;
  /** Everybody who may sign in with an address. */
  readonly holders: ReadonlyMap<string, readonly number[]>;
  readonly hashes: ReadonlyMap<number, string | null>;
}

async function look(source: Client, shape: SourceShape, keys: readonly number[]): Promise<Found> {
  await source.query(TEXT_AS_STORED);
  const users = await ask(source, accountUsersOfKeysSql(shape), keys);
  const addresses = new Map(users.flatMap(addressOf));
  const holders = new Map<string, number[]>();
  const all = await ask(source, accountUsersOfAddressesSql(shape), [
    ...new Set(addresses.values()),
  ]);
  for (const [id, address] of all.flatMap(addressOf))
    holders.set(address, [...(holders.get(address) ?? []), id]);
  const sql = passwordHashesSql(shape);
  const hashes = sql === undefined ? [] : (await source.query<Row>(sql, [keys])).rows;
  return {
    addresses,
    holders,
    hashes: new Map(hashes.map(passwordHash).map(({ id, hash }) => [id, hash])),
  };
}

type Row = Record<string, unknown>;

async function ask(
  source: Client,
  sql: string,
  values: readonly (number | string)[],
): Promise<AccountUser[]> {
  const { rows } = await source.query<Row>(sql, [values]);
  return rows.map(accountUser);
}

function addressOf(user: AccountUser): [id: number, address: string][] {
  const address = signInAddress(user);
  return typeof address === "string" ? [] : [[user.id, address.kept]];
}

/** Who was decided to have no account because somebody else has the address, or is nobody. */
async function whoYields(
  target: Pool,
  others: readonly number[],
): Promise<(other: number, holder: number) => boolean> {
  const { rows } = await target.query<{ id: number; holder: number | null }>(
    `select legacy_id as id, holder from migration.accounts where legacy_id = any($1::bigint[]) and (holder is not null or reason = 'test_account')`,
    [others],
  );
  const holders = new Map(rows.map(({ id, holder }) => [id, holder]));
  return (other, key) => holders.has(other) && [key, null].includes(holders.get(other) ?? null);
}
