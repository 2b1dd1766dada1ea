import { hash } from "node:crypto";

/**
 * The id of a new target row: UUIDv5 (RFC 4122) of `entity:legacyId` in the namespace of the target, the same as
 * PostgreSQL's `uuid_generate_v5`. `legacyId` is the source row's primary key. Throws if the namespace is no UUID.
 */
export function idOf(namespace: string, entity: string, legacyId: number): string {
  return uuidV5(bytesOf(namespace), `${entity}:${legacyId}`);
}

function uuidV5(namespace: Buffer, name: string): string {
  const hex = hash("sha1", Buffer.concat([namespace, Buffer.from(name)]), "hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const parsed = new Map<string, Buffer>();

/** A target has one namespace: its bytes are kept. */
function bytesOf(namespace: string): Buffer {
  const known = parsed.get(namespace);
  if (known !== undefined) return known;
  if (!UUID.test(namespace)) throw new Error("the id namespace is not a UUID");
  const bytes = Buffer.from(namespace.replaceAll("-", ""), "hex");
  parsed.set(namespace, bytes);
  return bytes;
}
