-- given_up: it failed too often in a row, and its entity is blocked. waived: an operator has the entity written without a backup.
alter table migration.backups
  drop constraint backups_status_check,
  add constraint backups_status_check check (status in ('open', 'done', 'given_up', 'waived')),
  drop constraint backups_check,
  add constraint backups_check
    check (status <> 'done' or (kept_by is not null and file is not null and bytes > 0 and sha256 is not null));

-- What a request has done, written by the transaction that did it: who repeats it after its process died is told, and it is not done twice.
alter table migration.idempotency_keys add column action text, add column run_id integer;
