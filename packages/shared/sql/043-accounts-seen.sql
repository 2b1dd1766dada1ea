-- What looks at accounts looks at few rows, however many users there are: those who wait for a person, and when one was settled last.

create index accounts_refused on migration.accounts (legacy_id) where state = 'refused';
create index accounts_unwanted on migration.accounts (legacy_id) where reason is not null and state in ('due', 'done');
create index accounts_settled on migration.accounts (settled_at) where settled_at is not null;
