/** Prometheus' own checker, where this machine has it. */
import { spawnSync } from "node:child_process";
import { remark } from "@nexus/shared/testing";

/** Says once what is left out without it. */
export function promtoolWorks(): boolean {
  const works = spawnSync("promtool", ["--version"]).status === 0;
  if (!works) remark("stack missing", "promtool: metrics were not linted, alerts were not tested");
  return works;
}
