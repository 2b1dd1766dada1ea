/** A cut-over with extractors that take backups: the last delta takes them, and what it found empty is what they hold. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClient } from "@nexus/contract";
import { stacks, withoutPgDump } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { cutOver } from "./cut-over.ts";
import { openJourney } from "./journey.ts";

describe.each(stacks())("a cut-over with BACKUP=pg_dump, on $name", (stack) => {
  it("hands over what its last delta has backed up", async (context) => {
    const missing = withoutPgDump();
    if (missing !== undefined) context.skip(missing);
    const folder = await mkdtemp(join(tmpdir(), "nexus-cutover-"));
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const journey = await openJourney(stack, {
      sample: { scale: 0.01 },
      env: { BACKUP: "pg_dump", BACKUP_TO: folder },
    });
    context.onTestFinished(() => journey.close());
    await journey.completed(await journey.begin());
    const { url } = await startApiHere(context, journey.stack, { EMBEDDINGS: "off" });
    const api = openClient({ url });
    const plan = await cutOver(api, { kind: "plan", withoutBackup: false });
    expect(plan.steps).toContainEqual(
      expect.objectContaining({ step: "backup", status: "to_do", code: "backup_to_do" }),
    );
    expect(plan.freeze?.parts).toContainEqual(
      expect.objectContaining({ part: "backup", known: "in the time of run 1" }),
    );
    const { status, errorCode, steps } = await cutOver(api, { withoutBackup: false });
    expect({ status, errorCode }).toEqual({ status: "done", errorCode: null });
    expect(steps).toContainEqual(
      expect.objectContaining({ step: "backup", status: "met", code: null }),
    );
  });
});
