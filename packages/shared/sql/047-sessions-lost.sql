-- How often a proof lost its session on the target, in which it keeps what it knows: it is begun anew a few times, and not for ever.
alter table migration.proofs add column sessions_lost integer not null default 0;
