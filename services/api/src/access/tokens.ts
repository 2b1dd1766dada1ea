/** Bearer tokens: the configuration holds their hashes only. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Variable } from "@nexus/shared/config";
import { z } from "zod";
import { type Role, ROLES } from "./roles.ts";

export interface Token {
  /** Kept in the audit log as the actor. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token. */
  readonly hash: Buffer;
}

const MALFORMED = `must be name:role:sha256 in hexadecimal, separated by commas; roles are ${ROLES.join(", ")}`;

/** Tokens must be random and long (`openssl rand -hex 32`): then a plain hash of them gives nothing away. */
const token = z
  .string()
  .regex(/^[\w.@-]{1,64}:\w+:[0-9a-f]{64}$/, MALFORMED)
  .transform((entry): Token => {
    const [name = "", role = "", hash = ""] = entry.split(":");
    return { name, role: z.enum(ROLES, MALFORMED).parse(role), hash: Buffer.from(hash, "hex") };
  });

const list = z
  .string()
  .transform((given) => given.split(/[\s,]+/).filter(Boolean))
  .pipe(z.array(token));

/** `API_TOKENS`. Two tokens may have the same name, so that one can replace the other without a gap. */
export const tokensVariable: Variable<readonly Token[]> = {
  schema: z
    .string()
    .superRefine((given, context) => {
      if (!readable(given)) context.addIssue({ code: "custom", message: MALFORMED });
    })
    .transform((given) => list.parse(given)),
  meaning: "who may do what: name:role:sha256 of each token, separated by commas",
  fallback: " ",
  secret: true,
  danger:
    "without tokens whoever reaches the port commands the migration: only loopback is listened on",
};

/** Compares with every token, so that the time taken tells nothing. Undefined: nobody's. */
export function ownerOf(tokens: readonly Token[], presented: string): Token | undefined {
  const hash = createHash("sha256").update(presented).digest();
  let owner: Token | undefined;
  for (const token of tokens) if (timingSafeEqual(token.hash, hash)) owner = token;
  return owner;
}

function readable(given: string): boolean {
  try {
    return list.safeParse(given).success;
  } catch {
    return false;
  }
}
