/** Every route of the API: what it takes, what it answers, and the problems of its own. The server and the client are made of it. */
import type { z } from "zod";
import { accountInvitations } from "./account-invitations.ts";
import { accounts } from "./accounts.ts";
import { adoptions } from "./adoptions.ts";
import { backups } from "./backups.ts";
import { callers } from "./callers.ts";
import { cutover } from "./cutover.ts";
import { dify } from "./dify.ts";
import { embeddings } from "./embeddings.ts";
import { entities } from "./entities.ts";
import { evidence } from "./evidence.ts";
import { health } from "./health.ts";
import type { ProblemCode } from "./problem.ts";
import { progress } from "./progress.ts";
import { proofs } from "./proofs.ts";
import { records } from "./records.ts";
import { report } from "./report.ts";
import { rollbacks } from "./rollbacks.ts";
import { runs } from "./runs.ts";
import { search } from "./search.ts";
import { sync } from "./sync.ts";

/** One route. Problems that any route may answer (malformed, unauthenticated, unavailable, …) are not listed. */
export interface RouteContract {
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly querystring?: z.ZodType;
  readonly headers?: z.ZodType;
  readonly body?: z.ZodType;
  /** The media type of what is answered, where it is not JSON. */
  readonly produces?: readonly string[];
  /** Media types in which the JSON of its answer can be had as text. */
  readonly texts?: readonly string[];
  readonly response: Readonly<Record<number, z.ZodType>>;
  readonly problems?: readonly ProblemCode[];
}

export const contract = {
  ...runs,
  ...adoptions,
  ...backups,
  ...proofs,
  ...rollbacks,
  ...cutover,
  ...sync,
  ...progress,
  ...entities,
  ...embeddings,
  ...dify,
  ...accountInvitations,
  ...accounts,
  ...search,
  ...records,
  ...report,
  ...evidence,
  ...callers,
  ...health,
} as const satisfies Readonly<Record<`${"GET" | "POST"} /${string}`, RouteContract>>;

/** `GET /v1/progress` and so on. */
export type RouteName = keyof typeof contract;
