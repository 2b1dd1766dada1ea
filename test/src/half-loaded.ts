/** A target that an earlier tool has half filled, as the stakeholder report tells it: rows of the source, without our legacy keys. */
import { inTransaction, type Pool } from "@nexus/shared/database";

/** What the earlier tool left, in counts of rows. */
export interface HalfLoaded {
  readonly practices: number;
  readonly profiles: number;
  /** Profiles that are in the target twice; for each, the row that an operator would keep. */
  readonly kept: readonly string[];
  /** Rows that nobody in the source is. */
  readonly foreign: number;
}

/**
 * Every practice, and three profiles of five: of them, half with the source's id in `metadata.legacy_user_id`, half with an e-mail address only,
 * three of a hundred twice, and one foreign row for each fifty.
 */
export async function halfLoad(legacy: Pool, target: Pool): Promise<HalfLoaded> {
  const offices = await legacy.query<{ json: string }>(
    "select json_agg(json_build_object('name', name, 'address', address, 'apt', apt, 'city', city, 'state', state, 'zip', zip, 'country', country))::text as json from dispatch_office",
  );
  const users = await legacy.query<{ json: string }>(
    "select json_agg(json_build_object('id', id, 'email', email, 'first', first_name, 'last', last_name))::text as json from auth_user where id % 5 < 3",
  );
  return await inTransaction(target, async (tx) => {
    const practices = await tx.query(PRACTICES, [offices.rows[0]?.json]);
    const profiles = await tx.query(PROFILES, [users.rows[0]?.json]);
    const twice = await tx.query<{ id: string }>(
      `insert into public.profiles (id, email, first_name, last_name, metadata)
       select gen_random_uuid(), email, first_name, last_name, metadata from (
         select *, row_number() over (order by id) as n from public.profiles where metadata ? 'legacy_user_id') p where n % 33 = 0
       returning id::text as id`,
    );
    const foreign = await tx.query(
      `insert into public.profiles (id, email, first_name, last_name, metadata)
       select gen_random_uuid(), 'nobody' || n || '@elsewhere.example', 'Foreign', 'Person ' || n, '{"seen": true}'
       from generate_series(1, $1::integer) n`,
      [Math.ceil((profiles.rowCount ?? 0) / 50)],
    );
    return {
      practices: practices.rowCount ?? 0,
      profiles: (profiles.rowCount ?? 0) + (twice.rowCount ?? 0),
      kept: twice.rows.map(({ id }) => id),
      foreign: foreign.rowCount ?? 0,
    };
  });
}

const PRACTICES = `
  insert into public.practices (id, name, address)
  select gen_random_uuid(), coalesce(nullif(trim(o.name), ''), 'unnamed'), nullif(concat_ws(', ', nullif(trim(o.address), ''), nullif(trim(o.apt), ''),
    nullif(trim(o.city), ''), nullif(concat_ws(' ', nullif(trim(o.state), ''), nullif(trim(o.zip), '')), ''), nullif(trim(o.country), '')), '')
  from json_to_recordset($1::json) as o (name text, address text, apt text, city text, state text, zip text, country text)`;

const PROFILES = `
  insert into public.profiles (id, email, first_name, last_name, metadata)
  select gen_random_uuid(), nullif(upper(trim(u.email)), ''), u.first, u.last,
    case when u.id % 2 = 0 then jsonb_build_object('legacy_user_id', u.id) else '{}' end
  from json_to_recordset($1::json) as u (id integer, email text, first text, last text)`;
