/** Datasets: rows of `migration.dify_datasets`, one per practice and one for what all practices share. */
import type { Pool } from "@nexus/shared/database";
import type { Dify } from "./client.ts";
import { DifyFailure } from "./failures.ts";
import { datasetName } from "./names.ts";

export interface Dataset {
  readonly id: string;
  /** It was there before us: a document may be, too. */
  readonly adopted: boolean;
}

/** The dataset of a practice, as far as the ledger knows. */
export async function knownDataset(
  target: Pool,
  practiceId: string | null,
): Promise<Dataset | undefined> {
  const { rows } = await target.query<Dataset>(
    `select dataset_id as id, adopted from migration.dify_datasets where practice_id is not distinct from $1::uuid`,
    [practiceId],
  );
  return rows[0];
}

/** Creates the dataset, or adopts the one of its name: of another consumer, of a call without an answer, or of a ledger that was lost. */
export async function makeDataset(
  target: Pool,
  dify: Dify,
  practiceId: string | null,
): Promise<Dataset> {
  const made = await createOrAdopt(
    dify,
    datasetName(practiceId),
    await describe(target, practiceId),
  );
  await target.query(
    `insert into migration.dify_datasets (practice_id, dataset_id, adopted) values ($1::uuid, $2, $3) on conflict do nothing`,
    [practiceId, made.id, made.adopted],
  );
  return made;
}

async function createOrAdopt(dify: Dify, name: string, description: string): Promise<Dataset> {
  try {
    return { id: await dify.createDataset(name, description), adopted: false };
  } catch (error) {
    if (!(error instanceof DifyFailure) || error.kind !== "taken") {
      // There is no path to be gone: the URL leads elsewhere.
      if (error instanceof DifyFailure && error.kind === "gone")
        throw new DifyFailure("stop", "not_found");
      throw error;
    }
    const id = await dify.findDataset(name);
    if (id === undefined) throw new DifyFailure("stop", "dataset_name_taken", { cause: error });
    return { id, adopted: true };
  }
}

/** For people in Dify: the practice's name. */
async function describe(target: Pool, practiceId: string | null): Promise<string> {
  const { rows } = await target.query<{ name: string }>(
    `select name from public.practices where id = $1::uuid`,
    [practiceId],
  );
  return (rows[0]?.name ?? "Shared by all practices").slice(0, 400);
}

/** Somebody deleted it in Dify, and all its documents with it. What was in it is due again. */
export async function forgetDataset(target: Pool, datasetId: string): Promise<void> {
  await target.query(
    `with forgotten as (delete from migration.dify_datasets where dataset_id = $1),
     lost as materialized (
       select content_type, content_id from migration.dify_documents where dataset_id = $1
       order by content_type, content_id for update)
     update migration.dify_documents d set dataset_id = null, document_id = null, sha256 = null, indexing_since = null,
       unsure_since = null, asked = asked + 1, due_at = now()
     from lost where d.content_type = lost.content_type and d.content_id = lost.content_id`,
    [datasetId],
  );
}
