/** Prometheus' own programs, where this machine has them. */
import { spawnSync } from "node:child_process";
import { remark } from "@nexus/shared/testing";

/** Says once what is left out without it. */
export function promtoolWorks(): boolean {
  const works = spawnSync("promtool", ["--version"]).status === 0;
  if (!works) remark("stack missing", "promtool: metrics were not linted, alerts were not tested");
  return works;
}

/** Says once what is left out without the server. */
export function prometheusWorks(): boolean {
  const works = spawnSync("prometheus", ["--version"]).status === 0;
  if (!works)
    remark(
      "stack missing",
      "prometheus: whether every panel of the dashboards has data was not tested",
    );
  return works;
}
