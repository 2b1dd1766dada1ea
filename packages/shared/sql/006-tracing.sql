-- Traces go on where no call leads from one process to the next: the W3C traceparent of what ordered it; null: nothing traced.

-- The request that started the run.
alter table migration.runs add column trace_context text;
-- The batch, or the backfill, that offers the content.
alter table migration.content_events add column trace_context text;
