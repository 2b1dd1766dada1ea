-- Datasets are forgotten when Dify has lost them: a target that publishes all its tables lets no row go that others could not know.

alter table migration.dify_datasets replica identity using index dify_datasets_dataset_id_key;
