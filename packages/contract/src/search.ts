/** `/v1/search` */
import { z } from "zod";
import { requiredBody, text } from "./parts.ts";

export const search = {
  "POST /v1/search": {
    summary: "Find the content of one practice that is nearest in meaning to a text",
    body: requiredBody({
      practiceId: z.uuid(),
      query: text(50_000).trim().min(1),
      types: z.array(text(63)).min(1).max(20).optional(),
      limit: z.int().min(1).max(100).optional(),
    }),
    /** No text: none is stored with the vectors, and the caller may read the rows with rights of its own. */
    response: {
      200: z.object({
        results: z.array(
          z.object({
            type: z.string(),
            id: z.string(),
            chunk: z.int().meta({ description: "The number of the part of a long text, from 0." }),
            score: z.number().meta({ description: "Cosine similarity, at most 1." }),
            legacyKey: z.int().nullable().meta({
              description:
                "The key of the row in the legacy database. Null for a row that was not migrated.",
            }),
          }),
        ),
      }),
    },
    problems: [
      "unknown_practice",
      "unknown_type",
      "query_not_embeddable",
      "search_off",
      "search_not_prepared",
      "embedding_throttled",
      "embedding_unavailable",
      "embedding_refused",
    ],
  },
} as const;
