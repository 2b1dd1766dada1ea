import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, it } from "vitest";
import { freshDatabase, type TestContext } from "../testing/fresh.ts";
import { openLine } from "../testing/line.ts";
import { takesPipelines } from "./pipelining.ts";

const READY = "Z".charCodeAt(0);

/** Passes on what a server says up to its first ReadyForQuery, and loses the rest until it is asked again. */
async function forgetfulPooler(context: TestContext, url: string): Promise<string> {
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(new URL(url).port), host: "127.0.0.1", noDelay: true });
    let lent = true;
    let rest = Buffer.alloc(0);
    near.on("data", (chunk: Buffer) => {
      lent = true;
      far.write(chunk);
    });
    const answer = (chunk: Buffer): void => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const size = 1 + rest.readUInt32BE(1);
        if (lent) near.write(rest.subarray(0, size));
        if (rest[0] === READY) lent = false;
        rest = rest.subarray(size);
      }
    };
    // Late enough that all questions that are sent at once have come.
    far.on("data", (chunk: Buffer) => setTimeout(answer, 50, chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => void other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onTestFinished(() => void server.close());
  const address = server.address();
  const through = new URL(url);
  through.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return through.href;
}

it("a server takes pipelines", async (context) => {
  const url = await freshDatabase(context);
  expect(await takesPipelines({ url, name: "nexus-test", max: 2 })).toBe(true);
});

it("a pooler that loses answers does not", async (context) => {
  const url = await forgetfulPooler(context, await freshDatabase(context));
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
