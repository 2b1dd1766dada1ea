import { runService } from "@nexus/shared/runtime";
import { variables } from "./config.ts";
import { start } from "./start.ts";

await runService({ name: "api", variables, start });
