-- Pages of content that an embedder has begun to read and not ended: one that ends its embedders is read item by item.
create table migration.page_readings (
  event_id bigint not null,
  page_offset integer not null,
  -- Readings that were begun since the last one that came to an end.
  begun integer not null default 1,
  -- The item that is read alone, and how often that was begun since it last came to an end.
  item uuid,
  item_begun integer not null default 0,
  primary key (event_id, page_offset)
);
