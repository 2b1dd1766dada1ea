/** What follows a rollback: vectors, documents of Dify and events of content are again those of the rows that are there. */
import { nexusHere } from "@nexus/cli/nexus-here";
import { bedrockEnvironment, type BedrockServer, startBedrock } from "@nexus/local/bedrock";
import { difyEnvironment, type DifyServer, startDify } from "@nexus/local/dify";
import { mutate } from "@nexus/local/sample";
import { mostReal, stacksWithVectors } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { filled, heldDocuments, wantedDocuments } from "./dify.ts";
import { embedded } from "./embedded-stack.ts";
import { drained, unsettledContent } from "./embeddings.ts";
import { type Journey, openJourney } from "./journey.ts";
import { contents } from "./rolled-back.ts";

const WITH_PATIENTS = ["patients", "cases", "projects", "case_states"];

function pick(all: Readonly<Record<string, string>>, names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

// Servers where they have pgvector: what is asked of both stacks is the same.
describe.each(mostReal(stacksWithVectors([embedded])))("a rollback on $name", (stack) => {
  let bedrock: BedrockServer;
  let dify: DifyServer;
  let journey: Journey;
  beforeAll(async () => {
    [bedrock, dify] = await Promise.all([startBedrock(), startDify()]);
    journey = await openJourney(stack, {
      sample: { scale: 0.004 },
      env: {
        ...difyEnvironment(dify.url),
        ...bedrockEnvironment(bedrock.url),
        EMBEDDING_PROVIDER: "bedrock",
      },
      embedders: 1,
    });
  });
  afterAll(async () => {
    await journey?.close();
    await Promise.all([dify?.close(), bedrock?.close()]);
  });

  /** Waits until both readers of content have nothing left to do. */
  const quiet = async (): Promise<void> => {
    await Promise.all([drained(journey.target), filled(journey.target)]);
  };

  /** Of each vector whose it is, and of which text, sorted. */
  async function vectors(): Promise<string[]> {
    const { rows } = await journey.target.query<{ said: string }>(
      `select concat_ws(' ', content_type, content_id, chunk_index, coalesce(practice_id::text, 'shared'), sha256_hash) as said from public.ai_embeddings order by 1`,
    );
    return rows.map(({ said }) => said);
  }

  it("leads to the vectors and documents of the rows that are there, down to none, or part by part", async (context) => {
    const { target } = journey;
    const { url } = await startApiHere(context, journey.stack);
    const nexus = async (line: string): Promise<string> => {
      const ended = await nexusHere(line.split(" "), { NEXUS_API_URL: url });
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      return ended.stdout;
    };
    const both = { embeddings: true, dify: true };
    await target.query("insert into public.practices (name) values ('of others')");
    const theirs = await contents(target);
    const first = await journey.begin(both);
    await journey.completed(first);
    await quiet();
    const before = { rows: await contents(target), vectors: await vectors() };
    const documents = heldDocuments(dify);
    expect(before.vectors.length).toBeGreaterThan(100);
    expect(documents).toEqual(await wantedDocuments(target));

    await mutate({ url: journey.stack.legacyUrl, seed: 5, share: 0.2, shape: "real" });
    const second = await journey.begin({ ...both, mode: "delta" });
    await journey.completed(second);
    await quiet();
    const after = { rows: await contents(target), vectors: await vectors() };
    expect(after.vectors).not.toEqual(before.vectors);
    expect(heldDocuments(dify)).not.toEqual(documents);

    // Some entities only: the others keep what the run wrote.
    const some = await nexus(
      `rollback ${second} --confirm ${second} --entities workflow_templates`,
    );
    expect(some).toMatch(/^workflow_templates /m);
    expect(some).not.toMatch(/^(cases|patients|projects) /m);
    await quiet();
    const { workflow_templates: template = "" } = before.rows;
    expect(await contents(target)).toEqual({ ...after.rows, workflow_templates: template });
    expect(heldDocuments(dify)).toEqual(await wantedDocuments(target));
    expect(await unsettledContent(target)).toEqual([]);

    await nexus(`rollback ${second} --confirm ${second}`);
    await quiet();
    expect(await contents(target)).toEqual(before.rows);
    expect(await vectors()).toEqual(before.vectors);
    expect(heldDocuments(dify)).toEqual(documents);
    expect(await unsettledContent(target)).toEqual([]);

    // Children that would still refer to what goes: they go first, or with them.
    const parents = `rollback ${first} --confirm ${first} --entities patients`;
    const refused = await nexusHere(parents.split(" "), { NEXUS_API_URL: url });
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining("cases") });
    await nexus(`${parents},cases,projects,case_states`);
    await quiet();
    const part = await contents(target);
    expect(part).toEqual({ ...before.rows, ...pick(theirs, WITH_PATIENTS) });
    expect(heldDocuments(dify)).toEqual(await wantedDocuments(target));
    expect(await unsettledContent(target)).toEqual([]);

    await nexus(`rollback ${first} --confirm ${first}`);
    await quiet();
    expect(await contents(target)).toEqual(theirs);
    expect([await vectors(), heldDocuments(dify)]).toEqual([[], []]);
    const { rows } = await target.query(
      `select (select count(*) from migration.embedding_items) as items, (select count(*) from migration.dify_documents) as documents,
         (select count(*) from migration.content_events where done_at is null or dify_open) as events`,
    );
    expect(rows).toEqual([{ items: 0, documents: 0, events: 0 }]);
  });
});
