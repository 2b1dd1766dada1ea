#!/usr/bin/env node
import { existsSync } from "node:fs";
import { exitCodeOf, messageOf } from "./failure.ts";
import { nexus } from "./program.ts";

if (existsSync(".env")) process.loadEnvFile(".env");
try {
  await nexus().parseAsync();
} catch (error) {
  const message = messageOf(error);
  if (message !== undefined) process.stderr.write(`${message}\n`);
  process.exitCode = exitCodeOf(error);
}
