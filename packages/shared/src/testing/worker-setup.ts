/** In each process that runs tests, before each file. */
import { afterAll } from "vitest";
import { endLeftOver } from "./end-of-file.ts";
import { endWithParent } from "./end-with-parent.ts";

endWithParent();
afterAll(endLeftOver, 60_000);
