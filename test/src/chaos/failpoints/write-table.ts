/** `npm run chaos:table`: writes what the suite has done into docs/chaos.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withTable } from "./page.ts";
import { forgetRecorded, recorded } from "./record.ts";

const PAGE = fileURLToPath(new URL("../../../../docs/chaos.md", import.meta.url));

writeFileSync(PAGE, withTable(readFileSync(PAGE, "utf8"), recorded()));
forgetRecorded();
