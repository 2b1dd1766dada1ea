/** The log of a service is its own: nothing that carries the queue writes warnings of Node's into it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Carrier, carriers } from "./transport/carriers.ts";
import { openSuite } from "./transport/settings.ts";

describe.each(carriers)("the queue on $name", (kind) => {
  let carrier: Carrier;
  beforeAll(async () => {
    carrier = await kind.start();
  });
  afterAll(() => carrier.stop());

  it("carries more queues than there are entities without a warning", async (context) => {
    const warnings: string[] = [];
    const hear = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", hear);
    context.onTestFinished(() => void process.off("warning", hear));
    const transport = await openSuite(carrier.url, []);
    const names = Array.from({ length: 12 }, (_, n) => `queue-${n}`);
    const counts = await Promise.all(names.map((name) => transport.count(name)));
    await transport.close();
    expect(counts).toEqual(names.map(() => 0));
    expect(warnings).toEqual([]);
  });
});
