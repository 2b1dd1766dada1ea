import { existsSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@nexus/shared/testing";
import { it } from "vitest";

/** The run goes on after the file that failed, and what that one started is gone already. */
it("waits until it has been looked at", async () => {
  const looked = join(process.env["LEFT_OVER_FOLDER"] ?? "", "looked");
  await eventually(() => existsSync(looked), { within: 60_000 });
});
