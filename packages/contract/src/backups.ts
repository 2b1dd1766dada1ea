/** `/v1/backups`: what was dumped before runs first wrote to the tables of an entity. */
import { z } from "zod";
import { instant, wholeNumber } from "./parts.ts";

/** Optional members of a view: an older API does not say them. */
export const backup = z.object({
  runId: z.int(),
  entity: z.string(),
  status: z.enum(["waiting", "running", "failed", "done", "waived"]).meta({
    description:
      "`failed`: it is tried again, five times in all; then the entity is blocked until an operator has it tried again, or written without. `waived`: the entity is written without. Nothing of it is written before the backup is `done` or `waived`.",
  }),
  tables: z.array(z.string()).meta({ description: "The tables of schema public that it holds." }),
  keptBy: z.enum(["folder", "command"]).nullable().meta({
    description: "Who stored it: the extractor in the folder `BACKUP_TO`, or `BACKUP_COMMAND`.",
  }),
  host: z.string().nullable().meta({ description: "The machine of the extractor that took it." }),
  file: z.string().nullable().meta({ description: "Its place: `BACKUP_TO` and its name." }),
  bytes: z.int().nullable(),
  sha256: z.string().nullable().meta({ description: "The SHA-256 of what pg_dump wrote." }),
  durationMs: z.int().nullable(),
  serverVersion: z
    .string()
    .nullable()
    .meta({ description: "The version of PostgreSQL that was dumped." }),
  errorCode: z.string().nullable().meta({ description: "Why the newest attempt failed." }),
  startedAt: instant,
  finishedAt: instant.nullable(),
});

export const backups = {
  "GET /v1/backups": {
    summary: "List the backups that runs took before they wrote, in the order in which they began",
    querystring: z.strictObject({
      run: wholeNumber("the number of a run", 1, 999_999_999)
        .optional()
        .meta({ description: "The number of a run. Default: the newest twenty with backups." }),
    }),
    response: { 200: z.object({ items: z.array(backup) }) },
  },
} as const;

export type BackupView = z.infer<typeof backup>;
