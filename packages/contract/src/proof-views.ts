/** What a forecast and a verification say: counts, keys, columns and kinds, never values. */
import { z } from "zod";
import { forecast } from "./forecast.ts";
import { instant } from "./parts.ts";

export const KINDS = [
  "changed_cell",
  "truncated_text",
  "shifted_time",
  "swapped_link",
  "wrong_practice",
  "missing_row",
  "extra_row",
  "stale_row",
  "outcome_differs",
  "missing_vector",
  "stale_vector",
  "extra_vector",
  "missing_document",
  "stale_document",
  "extra_document",
  "account_missing",
  "account_unknown",
  "account_rights",
] as const;

const counts = z.record(z.string(), z.int());

const status = z.enum(["open", "done", "failed"]).meta({
  description:
    "`open`: an extractor does it. Entities are listed as they are done. `failed` with the code `cancelled`: somebody gave it up.",
});

const entityStatus = z.enum(["proved", "without_twin", "unread"]).meta({
  description:
    "`without_twin`: its mapping, or that of a parent, was not written down a second time, so nothing is known of it. `unread`: no run has read a row of it.",
});

export const facts = {
  id: z.int(),
  status,
  createdAt: instant,
  finishedAt: instant.nullable(),
  errorCode: z.string().nullable(),
};

const connections = z.object({
  needed: z.int().meta({
    description:
      "Connections that one of each service opens at most, those of a proof among them; more replicas open more.",
  }),
  left: z
    .int()
    .nullable()
    .meta({ description: "Those that the limit leaves for us. Null: nothing limits them." }),
  limit: z.int().nullable(),
  of: z
    .string()
    .meta({ description: "Whose limit it is: of the role, the database or the server." }),
});

export const forecastView = z.object({
  ...facts,
  embedding: forecast.nullable().meta({
    description:
      "What embedding costs after such a run, with what is still open. Null where runs are not embedded unless they are told to.",
  }),
  connections: z
    .object({ source: connections, target: connections })
    .nullable()
    .meta({ description: "Null until the extractor has looked, at the end." }),
  disk: z
    .object({
      rowBytes: z.int().meta({
        description: "Bytes of the rows that are written, with their entries in the indexes.",
      }),
      vectorBytes: z.int().meta({
        description: "Bytes of the vectors that are to be made, with their texts' and their index.",
      }),
    })
    .meta({
      description:
        "An estimate of what the target's disk takes on, at most: uncompressed. The write-ahead log and the ledger come on top.",
    }),
  entities: z.array(
    z.object({
      entity: z.string(),
      status: entityStatus,
      rows: z.int().meta({ description: "Rows of the source." }),
      loaded: z.int(),
      rejected: z.int(),
      parked: z.int(),
      inserted: z.int().meta({ description: "Of those loaded: rows that the target lacks." }),
      updated: z
        .int()
        .meta({ description: "Of those loaded: rows that the target has otherwise." }),
      unchanged: z.int().meta({ description: "Of those loaded: rows that are left alone." }),
      reasons: counts.meta({ description: "How many rows are rejected, by reason." }),
      notes: counts.meta({
        description: "How many loaded rows are repaired, by `code:column`.",
      }),
      strangers: z.int().meta({ description: "Rows of the target without a legacy key." }),
    }),
  ),
});

export const verificationView = z.object({
  ...facts,
  range: z.object({ from: z.int(), to: z.int() }).nullable(),
  sample: z.number().nullable(),
  differences: z.int().meta({ description: "Of all entities together." }),
  pending: z.int().meta({
    description: "Content rows of all entities together whose vectors are still to be made.",
  }),
  entities: z.array(
    z.object({
      entity: z.string(),
      status: entityStatus,
      rows: z.int().meta({ description: "Source rows that were compared." }),
      differences: z.int(),
      kinds: counts.meta({ description: "How many differences of each kind." }),
      changedSince: z.int().meta({
        description:
          "Rows that differ, and that the source has changed since the run that read them began: a later run reads them. They are not among the differences.",
      }),
      vectors: z
        .object({
          items: z.int().meta({ description: "Content rows that were looked at." }),
          pending: z.int().meta({
            description:
              "Those that lack the vectors of their text, because an embedder has not come to them, or because runs without embeddings wrote them and no backfill was asked for. They are not among the differences.",
          }),
        })
        .nullable()
        .meta({ description: "Null: its rows are no content, or nobody looked at vectors." }),
      documents: z
        .object({
          items: z.int().meta({ description: "Content rows that were looked at." }),
          pending: z.int().meta({
            description:
              "Those whose document in Dify a consumer has yet to make, change or delete, or that runs without Dify wrote and no backfill offered. They are not among the differences.",
          }),
        })
        .nullable()
        .meta({
          description:
            "Documents of Dify as the ledger knows them: Dify itself is not asked. Null: its rows are no content, or Dify was never filled.",
        }),
      accounts: z
        .object({
          items: z.int().meta({ description: "Accounts that the ledger has as done." }),
          pending: z.int().meta({
            description:
              "Those that are still to be made, to be told something, or to be taken back. They are not among the differences.",
          }),
          unverified: z.string().nullable().meta({
            description:
              "Why Supabase Auth was not asked. `off`: the extractor has no ACCOUNTS=on; else what it answered. Null: it was.",
          }),
        })
        .nullable()
        .meta({
          description:
            "Of profiles: accounts of Supabase Auth. Null: there are none, or only a part of the profiles was looked at.",
        }),
    }),
  ),
});

/** What is known of an entity by the newest verification that looked at it. */
export const newestVerification = z.object({
  id: z.int(),
  ...verificationView.shape.entities.element.omit({ entity: true }).shape,
  range: verificationView.shape.range,
  sample: verificationView.shape.sample,
  createdAt: instant,
  startedAt: instant.nullable().meta({
    description: "When an extractor began it. Null: an older release did it.",
  }),
  finishedAt: instant,
  isCurrent: z.boolean().meta({
    description: "Whether no run and no adoption has written to the target since it was asked for.",
  }),
});

export const difference = z.object({
  entity: z.string(),
  legacyId: z
    .union([z.int(), z.string()])
    .meta({ description: "The source row; where none is known, the target's legacy key." }),
  column: z.string().nullable().meta({
    description:
      "Null: the whole row. `embedding`: its vectors. `document`: its document in Dify. `account`: its account at Supabase Auth; of one that nobody knows the id follows.",
  }),
  kind: z.enum(KINDS),
  changedSince: z.boolean(),
});

export type ForecastView = z.infer<typeof forecastView>;
export type VerificationView = z.infer<typeof verificationView>;
export type NewestVerification = z.infer<typeof newestVerification>;
export type Difference = z.infer<typeof difference>;
