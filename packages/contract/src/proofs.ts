/** `/v1/forecasts`, `/v1/verifications`: a second bookkeeping says what a run would do, and whether runs have done it. */
import { z } from "zod";
import { entityName, listQuery, optionalBody, pageOf, reason } from "./parts.ts";
import {
  KINDS,
  difference,
  facts,
  forecastView,
  newestVerification,
  verificationView,
} from "./proof-views.ts";

const proofParams = z.object({
  id: z
    .string()
    .regex(/^\d{1,9}$/, "must be the number of a proof")
    .transform(Number),
});

const legacyKey = z.int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

const givingUp = {
  params: proofParams,
  body: optionalBody({ reason: reason.optional() }),
  response: { 200: z.object({ id: z.int(), status: z.literal("cancelled") }) },
  problems: ["not_found", "proof_over"],
} as const;

export const proofs = {
  "POST /v1/forecasts": {
    summary: "Have counted what a run would do now, without doing it",
    body: optionalBody({
      entities: z.array(entityName).min(1).max(100).optional().meta({
        description: "All of the catalog, if left out.",
      }),
      reason: reason.optional(),
    }),
    response: { 201: z.object({ id: z.int() }) },
    problems: [
      "unknown_entity",
      "run_active",
      "adoption_open",
      "rollback_open",
      "cutover_open",
      "proof_open",
    ],
  },
  "GET /v1/forecasts": {
    summary: "List forecasts, newest first",
    querystring: listQuery({}),
    response: { 200: pageOf(z.object(facts)) },
    problems: [],
  },
  "POST /v1/forecasts/:id/cancel": {
    summary: "Give up a forecast that is not done",
    ...givingUp,
  },
  "GET /v1/forecasts/:id": {
    summary: "Show what a run would do, as far as it is counted",
    params: proofParams,
    response: { 200: forecastView },
    problems: ["not_found"],
  },
  "POST /v1/verifications": {
    summary: "Have the target compared with what a second bookkeeping expects of the source",
    body: optionalBody({
      entities: z.array(entityName).min(1).max(100).optional().meta({
        description: "All of the catalog, if left out.",
      }),
      range: z
        .strictObject({ from: legacyKey, to: legacyKey })
        .refine(({ from, to }) => from <= to, "must not end before it begins")
        .optional()
        .meta({ description: "Keys of the source, both ends too. All, if left out." }),
      sample: z.number().positive().max(100).optional().meta({
        description:
          "Percent of the source rows, chosen by chance. A sample finds no rows of the target whose source row is gone.",
      }),
      reason: reason.optional(),
    }),
    response: { 201: z.object({ id: z.int() }) },
    problems: [
      "unknown_entity",
      "run_active",
      "adoption_open",
      "rollback_open",
      "cutover_open",
      "proof_open",
    ],
  },
  "GET /v1/verifications": {
    summary: "List verifications, newest first",
    querystring: listQuery({}),
    response: {
      200: pageOf(
        z.object({
          ...facts,
          differences: z.int().meta({ description: "Of all entities that are done." }),
          pending: z.int().meta({
            description:
              "Content rows whose vectors are still to be made. They are no differences.",
          }),
          notVerified: z.int().meta({ description: "Entities of which nothing is known." }),
        }),
      ),
    },
    problems: [],
  },
  "GET /v1/verifications/newest": {
    summary: "Show of each entity what the newest verification says that has looked at it",
    response: {
      200: z.object({
        entities: z.array(
          z.object({
            entity: z.string(),
            newest: newestVerification.nullable().meta({
              description: "Null: no verification has looked at the entity.",
            }),
          }),
        ),
      }),
    },
    problems: [],
  },
  "GET /v1/verifications/:id": {
    summary: "Show how many differences a verification found, by entity and kind",
    params: proofParams,
    response: { 200: verificationView },
    problems: ["not_found"],
  },
  "POST /v1/verifications/:id/cancel": {
    summary: "Give up a verification that is not done; what it has found so far does not count",
    ...givingUp,
  },
  "GET /v1/verifications/:id/differences": {
    summary: "List the differences of a verification: keys, columns and kinds, never values",
    params: proofParams,
    querystring: listQuery({ entity: entityName.optional(), kind: z.enum(KINDS).optional() }),
    response: { 200: pageOf(difference) },
    problems: ["not_found"],
  },
} as const;
