-- Reading of clinical text is on record too (actions `search` and `retrieve`), and the record has an end: AUDIT_RETENTION_DAYS.
create index audit_log_age on migration.audit_log (at);
