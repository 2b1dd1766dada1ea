import { it } from "vitest";
import { startEverything } from "./everything.ts";

it("waits for something that never comes", async () => {
  await startEverything();
  await new Promise(() => undefined);
});
