-- Gives what the role of TARGET_URL owns in this database to another role, and drops it: psql -v worker=… -v owner=…, as a superuser.
-- The policy of the owner goes along: row level security is forced, so without it the tables would be empty to their owner,
-- and to the function that looks up whose rows are whose.

select format('alter policy %I on %I.%I to %I', policyname, schemaname, tablename, :'owner')
  from pg_policies where policyname = 'nexus_worker' \gexec
reassign owned by :"worker" to :"owner";
drop owned by :"worker";
drop role :"worker";
