#!/usr/bin/env node
import { loadEnvFile } from "@nexus/shared/config";
import { endOnUnhandled } from "@nexus/shared/runtime";
import { EXIT_CODES, messageOf } from "./failure.ts";
import { runNexus } from "./program.ts";

process.stdout.on("error", endWithReader);
process.stderr.on("error", () => undefined); // The exit code still tells.
endOnUnhandled((error) =>
  process.stderr.write(`${messageOf(error) ?? "nexus failed unexpectedly"}\n`),
);
await runNexus(process.argv, () => loadEnvFile(process.env));

/** Whoever read the output has read enough (`nexus exceptions | head`), or nobody can: its disk is full. */
function endWithReader({ code = "unknown" }: NodeJS.ErrnoException): void {
  if (code === "EPIPE") process.exit(0);
  process.stderr.write(`the output could not be written (${code})\n`);
  process.exit(EXIT_CODES.unwell.code);
}
