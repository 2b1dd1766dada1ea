-- Takes the ledger out of a target and leaves the data: tables, rows, vectors, their index and who sees which rows.
-- Run as the role of TARGET_URL, in one transaction, when nothing of the migration runs any more: docs/operations.md.
-- What row level security and the triggers still need moves to schema tenancy, which no tenant may use by name.

do $$
begin
  if exists (select from migration.runs where status in ('planned', 'running', 'paused')) then
    raise exception 'a run is active: let it end, or cancel it';
  end if;
end $$;

create schema tenancy;
alter function migration.my_practices() set schema tenancy;
alter function migration.follow_case_practice() set schema tenancy;

do $$
begin
  if to_regprocedure('migration.follow_content()') is not null then
    alter function migration.follow_content() set schema tenancy;
    create or replace function tenancy.follow_content() returns trigger
    language plpgsql security definer set search_path = '' as $body$
    begin
      if tg_op = 'UPDATE' then
        update public.ai_embeddings set practice_id = new.practice_id, updated_at = now()
         where content_type = tg_argv[0] and content_id = new.id;
      else
        delete from public.ai_embeddings where content_type = tg_argv[0] and content_id = old.id;
      end if;
      return null;
    end $body$;
  end if;
end $$;

-- The ledger, and the triggers that offer changes to Dify.
drop schema migration cascade;
