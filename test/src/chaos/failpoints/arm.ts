/**
 * Arms a service: `node --import` loads this before the service's first module, and FAILPOINTS says where it dies.
 * `loader.read@3,loader.written@1`: when it comes to the one for the third time, or to the other for the first. No image holds this file.
 */
import { writeSync } from "node:fs";

const passes = new Map<string, number>();
for (const one of (process.env["FAILPOINTS"] ?? "").split(",")) {
  const [name = "", nth = "1"] = one.split("@");
  passes.set(name, Number(nth));
}

globalThis.atFailpoint = (name) => {
  const left = passes.get(name);
  if (left === undefined) return;
  passes.set(name, left - 1);
  if (left !== 1) return;
  writeSync(2, `${JSON.stringify({ msg: "failpoint", name })}\n`);
  process.kill(process.pid, "SIGKILL");
};
