/** Whether somebody fills Dify: a false alarm is as bad as silence. On real servers. */
import { withPool } from "@nexus/shared/database";
import { expect, it } from "vitest";
import { openWard } from "./ward.ts";

it("content for Dify that waits for its next try needs nobody meanwhile; what is offered is to be taken", async (context) => {
  const ward = await openWard(context);
  await ward.target.query(
    `insert into migration.rate_budget (model, request_rate, request_burst, token_rate, token_burst, requests, tokens, microdollars_per_million_tokens, filled_at)
       values ('dify', 1, 1, 1, 1, 1, 1, 0, now() - interval '200 s');
     insert into migration.dify_documents (content_type, content_id, due_at) values ('case', gen_random_uuid(), now() + interval '1 h')`,
  );
  const ofDify = async () => (await ward.diagnose()).findings.filter(({ area }) => area === "dify");
  const url = ward.env["TARGET_URL"] ?? "";
  await withPool({ url, max: 1, name: "nexus-embedder" }, async (embedder) => {
    await embedder.query("select 1");
    expect(await ofDify()).toEqual([]);
    await embedder.query(
      "insert into migration.content_events (content_type, target_ids, created_at, done_at, dify_open) values ('case', array[gen_random_uuid()], now() - interval '150 s', now(), true)",
    );
    expect(await ofDify()).toMatchObject([
      {
        code: "no_dify_embedder",
        says: expect.stringMatching(/none has asked Dify for 2 min 30 s/),
      },
    ]);
    await embedder.query("update migration.rate_budget set filled_at = now()");
    expect(await ofDify()).toEqual([]);
  });
});
