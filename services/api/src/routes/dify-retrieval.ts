/**
 * Our side of Dify's External Knowledge API. In Dify the endpoint is `https://<api>/v1/dify` (it appends `/retrieval`), the API key is
 * DIFY_RETRIEVAL_KEY, and the external knowledge id is that of a practice.
 * https://docs.dify.ai/en/use-dify/knowledge/external-knowledge-api
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { Problem } from "../answers/problem.ts";
import { contentTexts, pieceKey } from "../queries/content-texts.ts";
import type { App } from "../server.ts";
import { searchContent } from "./search.ts";
import { recordReading } from "../queries/record-reading.ts";

type RetrievalDeps = Pick<Deps, "target" | "search" | "difyRetrievalKey">;

/** More than Dify asks for: its own limit is 10, unless somebody raised it. */
const MOST = 100;

const question = z.object({
  knowledge_id: z.string().max(100),
  query: z.string().trim().min(1).max(50_000),
  retrieval_setting: z.object({
    top_k: z
      .int()
      .min(1)
      .transform((wanted) => Math.min(wanted, MOST)),
    score_threshold: z.number().min(0).max(1).nullish(),
  }),
  /** Dify has no way to set it, and to pass over it would find what was to be left out. */
  metadata_condition: z.null("is not supported").optional(),
});

const answer = z.object({
  records: z.array(
    z.object({
      content: z.string(),
      score: z.number(),
      title: z.string(),
      /** Never null: Dify would find nothing. */
      metadata: z.object({
        type: z.string(),
        id: z.string(),
        legacy_key: z.int().nullable(),
        chunk: z.int(),
      }),
    }),
  ),
});

/** `POST /v1/dify/retrieval`, where there is a key for it: what of a practice is nearest in meaning to a question, with its text. */
export function difyRetrievalRoute(app: App, deps: RetrievalDeps): void {
  const { difyRetrievalKey: key } = deps;
  if (key === undefined) return;
  app.post(
    "/v1/dify/retrieval",
    {
      schema: { body: question, response: { 200: answer } },
      // Before the body is read.
      onRequest: async (request) => requireKey(request, key),
      errorHandler: answerError,
    },
    async ({ body }) => ({ records: await recordsFor(deps, body) }),
  );
}

async function recordsFor(
  deps: RetrievalDeps,
  {
    knowledge_id: practiceId,
    query,
    retrieval_setting: { top_k, score_threshold },
  }: z.output<typeof question>,
): Promise<z.input<typeof answer>["records"]> {
  if (!z.uuid().safeParse(practiceId).success) throw unknownKnowledge();
  const nearest = await searchContent(deps, { practiceId, query, limit: top_k });
  const found = nearest.filter(({ score }) => score >= (score_threshold ?? 0));
  const texts = await contentTexts(deps.target, practiceId, found);
  const records = found.flatMap((one) => {
    const content = texts.get(pieceKey(one));
    const { type, id, chunk, legacyKey: legacy_key } = one;
    const metadata = { type, id, legacy_key, chunk };
    return content === undefined
      ? []
      : [
          {
            content,
            score: Math.min(1, one.score),
            title: `${type} ${legacy_key ?? id}`,
            metadata,
          },
        ];
  });
  const results = records.length;
  await recordReading(deps.target, { actor: "dify", action: "retrieve", practiceId, results });
  return records;
}

/** A refusal in Dify's words. */
class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function requireKey({ headers: { authorization } }: FastifyRequest, key: string): void {
  const [, given] = /^Bearer (\S+)$/.exec(authorization ?? "") ?? [];
  if (given === undefined)
    throw new Refusal(
      403,
      1001,
      "Invalid Authorization header format. Expected 'Bearer <api-key>'.",
    );
  if (!timingSafeEqual(digest(given), digest(key)))
    throw new Refusal(403, 1002, "Authorization failed.");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function unknownKnowledge(): Refusal {
  return new Refusal(404, 2001, "The knowledge does not exist: its id must be that of a practice.");
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, message } = refusalOf(error);
  if (status >= 500) request.log.error({ err: error, code }, "retrieval for Dify failed");
  void reply.code(status).send({ error_code: code, error_msg: message });
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Problem)
    return error.code === "unknown_practice"
      ? unknownKnowledge()
      : new Refusal(error.status, error.status, error.message);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map(
      ({ instancePath }) => instancePath.slice(1).replaceAll("/", ".") || "body",
    );
    return new Refusal(400, 400, `malformed or not supported: ${fields.join(", ")}`);
  }
  const status = error instanceof Error ? Reflect.get(error, "statusCode") : undefined;
  return typeof status === "number" && status < 500
    ? new Refusal(status, status, "the request is malformed")
    : new Refusal(503, 503, "the target cannot be reached, or could not answer in time");
}
