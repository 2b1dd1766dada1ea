/** Profiles of a target where each refers to a user of auth.users: who has no account cannot have a profile there. */
import type { Entity, LoadedRow } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import { keepFormer, type Writer } from "@nexus/shared/ledger";
import { type Mapped, NO_ACCOUNT } from "./outcomes.ts";
import type { RunContext } from "./run-context.ts";
import type { Written } from "./upsert.ts";

type Run = Pick<RunContext, "accountsFirst"> & { readonly undo: Writer | undefined };

/** SQL: an account is there that is the user's (`a`), whoever made it, and no rollback takes it back. */
const THERE = "a.state <> 'removing' and (a.state = 'done' or a.made_by is not null)";

/** Rows that are mapped, and the ids of profiles that a trigger has made of sign-ups of ours: new, though the upsert finds them there. */
export interface AccountsFirst extends Mapped {
  readonly signedUp: readonly string[];
}

/** Rejects rows whose user has neither an account nor a profile. What a trigger has made of a sign-up of ours gets its legacy key. */
export async function accountFirst(
  tx: Client,
  run: Run,
  entity: Entity,
  mapped: Mapped,
): Promise<AccountsFirst> {
  if (!run.accountsFirst || entity.name !== "profiles") return { ...mapped, signedUp: [] };
  const keys = mapped.loaded.map(({ legacyId }) => legacyId);
  const signedUp = await claimSignedUp(tx, run, entity, keys);
  const without = await withoutAccount(tx, keys);
  const rejected = mapped.loaded.filter(({ legacyId }) => without.has(legacyId));
  return {
    loaded: mapped.loaded.filter(({ legacyId }) => !without.has(legacyId)),
    exceptions: [...mapped.exceptions, ...rejected.map(rejection)],
    signedUp,
  };
}

/** What was written, with rows of sign-ups of this batch among the new ones. */
export function withSignedUp(written: Written, signedUp: readonly string[]): Written {
  if (signedUp.length === 0) return written;
  const isNew = new Set(signedUp);
  const updated = written.updated.filter((id) => !isNew.has(id));
  return { ...written, inserted: [...written.inserted, ...signedUp], updated };
}

async function withoutAccount(tx: Client, keys: readonly number[]): Promise<ReadonlySet<number>> {
  const { rows } = await tx.query<{ key: number }>(
    `select k as key from unnest($1::integer[]) as k
     where not exists (select from migration.accounts a where a.legacy_id = k and ${THERE})
       and not exists (select from public.profiles p where p.legacy_id = k)`,
    [keys],
  );
  return new Set(rows.map(({ key }) => key));
}

/** A profile with the id of an account that we made, and without a legacy key, is the work of a trigger on auth.users. */
async function claimSignedUp(
  tx: Client,
  { undo }: Run,
  { name, target: { table } }: Entity,
  keys: readonly number[],
): Promise<readonly string[]> {
  const { rows } = await tx.query<{ id: string; key: number }>(
    `select p.id::text as id, a.legacy_id as key from migration.accounts a join public.profiles p on p.id = a.profile_id
     where a.legacy_id = any($1::bigint[]) and ${THERE} and p.legacy_id is null
       and not exists (select from public.profiles o where o.legacy_id = a.legacy_id)`,
    [keys],
  );
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const where = "t.id = any($4::uuid[])";
  if (undo !== undefined) await keepFormer(tx, undo, { entity: name, table, where, values: [ids] });
  await tx.query(
    `update public.profiles t set legacy_id = c.key from unnest($1::uuid[], $2::integer[]) as c (id, key)
     where t.id = c.id and t.legacy_id is null`,
    [ids, rows.map(({ key }) => key)],
  );
  return ids;
}

function rejection({ legacyId }: LoadedRow): Mapped["exceptions"][number] {
  return {
    legacyId,
    outcome: "rejected",
    reason: NO_ACCOUNT,
    column: "id",
    missingEntity: null,
    missingId: null,
  };
}
