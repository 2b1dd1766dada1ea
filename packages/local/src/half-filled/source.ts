/** What the earlier tool read of the source. */
import { z } from "zod";
import type { Database } from "../sample/database.ts";
import { quoted, type Shape } from "../sample/script.ts";

export interface Office {
  readonly id: number;
  readonly name: string | null;
  readonly address: string | null;
  readonly phone: string | null;
}

export interface Person {
  readonly id: number;
  /** As it is. */
  readonly email: string;
  /** Trimmed and in lower case; null where it is no address. */
  readonly address: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly is_staff: boolean;
  readonly joined: string;
}

export interface Order {
  readonly id: number;
  readonly uid: string | number;
  readonly name: string;
  readonly creator_id: number | null;
}

const office = z.object({
  id: z.number(),
  name: z.string().nullable(),
  parts: z.array(z.array(z.string().nullable())),
  phone: z.string().nullable(),
});
const person = z.object({
  id: z.number(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  is_staff: z.boolean(),
  joined: z.string(),
});
const order = z.object({
  id: z.number(),
  uid: z.union([z.string(), z.number()]),
  name: z.string(),
  creator_id: z.number().nullable(),
});

/** What an address is made of; what stands in one list is joined by a space. */
const PARTS = {
  real: "array[array[address, null], array[apt, null], array[city, null], array[state, zip], array[country, null]]",
  reported: "array[array[address]]",
} as const;

export async function readOffices(db: Database, schema: string, shape: Shape): Promise<Office[]> {
  const { rows } = await db.query(
    `select id, name, ${PARTS[shape]}::text[] as parts, phone from ${quoted(schema)}.dispatch_office order by id`,
  );
  return z
    .array(office)
    .parse(rows)
    .map(({ id, name, parts, phone }) => ({
      id,
      name: name === null ? null : trimmed(name),
      address: joined(
        ", ",
        parts.map((part) => joined(" ", part)),
      ),
      phone,
    }));
}

function joined(separator: string, parts: readonly (string | null)[]): string | null {
  const kept = parts.flatMap((part) => (part === null ? [] : (trimmed(part) ?? [])));
  return kept.length === 0 ? null : kept.join(separator);
}

export async function readPeople(db: Database, schema: string): Promise<Person[]> {
  const { rows } = await db.query(
    `select id, email, first_name, last_name, is_staff, date_joined::text as joined from ${quoted(schema)}.auth_user order by id`,
  );
  return z
    .array(person)
    .parse(rows)
    .map((row) => ({ ...row, address: addressOf(row.email) }));
}

function addressOf(email: string): string | null {
  const text = trimmed(email)?.toLowerCase();
  return text !== undefined && /^[^@\s]+@[^@\s]+$/.test(text) ? text : null;
}

/** As the mapping trims (MAPPING.md, "Text"), said a second time: this is what an adoption is compared with. */
const BLANKS_AROUND = /^[ \t\n\v\f\r\u00a0\u3000\ufeff]+|[ \t\n\v\f\r\u00a0\u3000\ufeff]+$/g;

function trimmed(value: string): string | null {
  return value.replace(BLANKS_AROUND, "") || null;
}

export async function readOrders(db: Database, schema: string): Promise<Order[]> {
  const { rows } = await db.query(
    `select id, uid, name, creator_id from ${quoted(schema)}.dispatch_project order by id`,
  );
  return z.array(order).parse(rows);
}
