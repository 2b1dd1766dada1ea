/** Whose rows a request may see. */
import type { StoredFunction } from "./stored-function.ts";

/** Who works in a practice, to the letter, and the API's search. Every other word is somebody that nobody thought of. */
const STAFF = ["owner", "admin", "doctor", "technician", "nexus-api"]
  .map((role) => `'${role}'`)
  .join(", ");

const UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/**
 * `migration.my_practices()`: the practices of the person or service that the request's claims name.
 * - the practices in which the profile whose id is `sub` is an active member;
 * - the practice in `app_metadata`, if the role there is one of a practice's staff.
 *
 * Claims are read where PostgREST puts them and where Supabase's `auth.uid()` looks, so that it works without schema auth.
 * What is not a UUID names nobody. It runs as the owner of the tables, since members may not see each other's rows before it answers.
 */
export const myPractices: StoredFunction = {
  name: "my_practices",
  returns: "setof uuid",
  language: "sql",
  volatility: "stable",
  body: `
with claims as materialized (
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb as all_of_them),
said as materialized (
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''), all_of_them ->> 'sub') as sub,
         all_of_them #>> '{app_metadata,practice_id}' as practice,
         jsonb_typeof(all_of_them #> '{app_metadata,role}') = 'string'
           and all_of_them #>> '{app_metadata,role}' in (${STAFF}) as vouched
    from claims)
select m.practice_id from said, public.practice_members m
 where m.profile_id = (case when said.sub ~ '${UUID}' then said.sub end)::uuid and m.is_active
 union
select practice::uuid from said where vouched and practice ~ '${UUID}'
`,
};
