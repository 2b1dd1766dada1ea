#!/usr/bin/env node
import { existsSync } from "node:fs";
import { endOnUnhandled } from "@nexus/shared/runtime";
import { exitCodeOf, messageOf } from "./failure.ts";
import { nexus } from "./program.ts";

if (existsSync(".env")) process.loadEnvFile(".env");
process.stdout.on("error", endWithReader);
endOnUnhandled((error) => process.stderr.write(`${messageOf(error) ?? "nexus failed unexpectedly"}\n`));
try {
  await nexus(process.argv).parseAsync();
} catch (error) {
  const message = messageOf(error);
  if (message !== undefined) process.stderr.write(`${message}\n`);
  process.exitCode = exitCodeOf(error);
}

/** Whoever read the output has read enough (`nexus exceptions | head`). */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
}
