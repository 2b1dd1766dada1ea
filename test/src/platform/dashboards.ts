/** The dashboards as they are in the repository. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { read, ROOT } from "./files.ts";

const FOLDER = "observability/grafana/dashboards";

export const panel = z.looseObject({
  id: z.int(),
  title: z.string().min(1),
  description: z.string().min(10),
  datasource: z.strictObject({ type: z.literal("prometheus"), uid: z.literal("${DS_PROMETHEUS}") }),
  links: z.tuple([z.looseObject({ url: z.string().regex(/^\$\{runbooks\}\/[a-z-]+$/) })]),
  fieldConfig: z.looseObject({ defaults: z.looseObject({ unit: z.string().min(1) }) }),
  targets: z.array(z.looseObject({ refId: z.string(), expr: z.string() })).min(1),
  gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
});
const dashboard = z.looseObject({
  uid: z.string().regex(/^nexus-[a-z-]+$/),
  title: z.string(),
  editable: z.literal(false),
  id: z.undefined().optional(),
  templating: z.looseObject({ list: z.array(z.looseObject({ name: z.string() })) }),
  panels: z.array(panel).min(5),
});

export const files = readdirSync(join(ROOT, FOLDER));
export const dashboards = files.map((file) =>
  dashboard.parse(JSON.parse(read(join(FOLDER, file)))),
);
/** Every panel, and the dashboard that it is on. */
export const panels = dashboards.flatMap(({ uid, panels }) =>
  panels.map((one) => ({ ...one, uid })),
);
