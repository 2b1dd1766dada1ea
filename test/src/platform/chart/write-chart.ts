/** `npm run chart`: writes the templates of k8s/chart. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../files.ts";
import { templates } from "./chart.ts";

const FOLDER = join(ROOT, "k8s/chart/templates");

const made = templates();
rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
for (const [file, text] of made) writeFileSync(join(FOLDER, file), text);
