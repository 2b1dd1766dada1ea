import { connect } from "node:net";
import { expect, it } from "vitest";
import { apiUnderTest } from "./api.fixture.ts";

it("gives up on a body that comes byte by byte, and on headers that never end, after ten seconds", async (context) => {
  const { app } = await apiUnderTest(context);
  await app.listen({ port: 0, host: "127.0.0.1" });
  context.onTestFinished(() => app.close());
  const begun = performance.now();
  const slow = [
    "POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{",
    "POST /v1/runs HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
  ].map(
    (head) =>
      new Promise<number>((resolve) => {
        const socket = connect(Number(new URL(app.listeningOrigin).port), "127.0.0.1");
        const drip = setInterval(() => socket.write(" "), 200);
        socket.on("error", () => undefined).resume();
        socket.on("close", () => {
          clearInterval(drip);
          resolve(performance.now() - begun);
        });
        socket.write(head);
      }),
  );
  for (const took of await Promise.all(slow)) expect(took).toBeLessThan(14_000);
}, 40_000);
