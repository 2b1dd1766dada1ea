/** A slow machine, or a slow provider: what is paid for is kept, and nobody pays again. */
import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type EmbedderUnderTest, embedderUnderTest } from "./embedder.fixture.ts";

let embedder: EmbedderUnderTest;

beforeEach(async (context) => {
  embedder = await embedderUnderTest(context);
});

/** Until when the only text is claimed; null: it is not. */
async function claimedUntil(): Promise<string | null> {
  const { rows } = await embedder.target.query<{ until: string | null }>(
    `select claimed_until::text as until from migration.embedding_texts`,
  );
  return rows[0]?.until ?? null;
}

describe("a call that takes long", () => {
  it("keeps its text claimed for as long as its process lives", async () => {
    const id = await embedder.newCase("Upper arch");
    const seen = new Set<string | null>();
    embedder.before = async () => {
      await eventually(async () => {
        seen.add(await claimedUntil());
        return seen.size >= 3;
      });
    };
    const { deps } = embedder;
    await embedder.offer("case", [id]);
    await eventually(async () => {
      const done = await embedder.work();
      await deps.held.renew();
      return done;
    });
    expect(embedder.calls).toHaveLength(1);
  });

  it("is given up by its page, and its answer is counted and kept when it comes", async () => {
    const ids = [await embedder.newCase("Upper arch"), await embedder.newCase("Lower arch")];
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    embedder.before = async (text) => {
      if (text.includes("Upper")) await answered;
    };
    await embedder.offer("case", ids);
    expect(await embedder.work(), "the page waits for callMs only").toBe(false);
    expect(await embedder.work(), "the text is still claimed: nobody calls again").toBe(false);
    expect(embedder.calls).toHaveLength(2);
    answer();
    await eventually(() => embedder.work());
    expect(embedder.calls).toHaveLength(2);
    const { rows } = await embedder.target.query(
      `select coalesce(sum(calls), 0)::integer as calls from migration.embedding_usage`,
    );
    expect(rows).toEqual([{ calls: 2 }]);
    expect(await claimedUntil()).toBeNull();
  });
});
