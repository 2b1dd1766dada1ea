#!/usr/bin/env node
import { existsSync } from "node:fs";
import { endOnUnhandled } from "@nexus/shared/runtime";
import { messageOf } from "./failure.ts";
import { runNexus } from "./program.ts";

if (existsSync(".env")) process.loadEnvFile(".env");
process.stdout.on("error", endWithReader);
endOnUnhandled((error) =>
  process.stderr.write(`${messageOf(error) ?? "nexus failed unexpectedly"}\n`),
);
await runNexus(process.argv);

/** Whoever read the output has read enough (`nexus exceptions | head`). */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
}
