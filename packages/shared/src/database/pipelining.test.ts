import { connect, type Socket } from "node:net";
import { expect, it } from "vitest";
import { freshDatabase } from "../testing/fresh.ts";
import { openLine } from "../testing/line.ts";
import { endTogether, messages, openPooler, READY } from "../testing/pooler.ts";
import { takesPipelines } from "./pipelining.ts";

/** Passes on what a server says up to its first ReadyForQuery, and loses the rest until it is asked again. */
function forget(near: Socket, port: number): void {
  const far = connect({ port, host: "127.0.0.1", noDelay: true });
  let lent = true;
  near.on("data", (chunk: Buffer) => {
    lent = true;
    far.write(chunk);
  });
  const answer = messages((message) => {
    if (lent) near.write(message);
    if (message[0] === READY) lent = false;
  });
  // Late enough that all questions that are sent at once have come.
  far.on("data", (chunk: Buffer) => setTimeout(answer, 50, chunk));
  endTogether(near, far);
}

it("a server takes pipelines", async (context) => {
  const url = await freshDatabase(context);
  expect(await takesPipelines({ url, name: "nexus-test", max: 2 })).toBe(true);
});

it("a pooler that loses answers does not", async (context) => {
  const url = await openPooler(context, await freshDatabase(context), forget);
  expect(await takesPipelines({ url, name: "nexus-test", max: 2 })).toBe(false);
});

it("a pooler that has no connection left is asked again later", async (context) => {
  const line = await openLine(await freshDatabase(context));
  context.onTestFinished(() => line.cut());
  line.limit(0, "(EMAXCONNSESSION) max clients reached in session mode");
  await expect(takesPipelines({ url: line.url, name: "nexus-test", max: 2 })).rejects.toMatchObject(
    {
      code: "XX000",
    },
  );
});

it("where nobody answers, whoever looks next says so", async () => {
  const url = "postgres://nobody@127.0.0.1:1/none";
  expect(await takesPipelines({ url, name: "nexus-test", max: 2 })).toBe(true);
});
