import { it } from "vitest";
import { startEverything } from "./everything.ts";

it("never gives the processor back", async () => {
  await startEverything();
  for (;;);
});
