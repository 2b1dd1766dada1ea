/** As much of protobuf's wire format as a trace needs: the fields of a message by their numbers. */

/** The fields of a message; numbers of 64 bits are kept as such. */
export type Fields = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

const VARINT = 0;
const SIXTY_FOUR_BITS = 1;
const BYTES = 2;

/** Throws for what is no message. */
export function fieldsOf(message: Buffer): Fields {
  const fields = new Map<number, (Buffer | bigint)[]>();
  const reader = { message, at: 0 };
  while (reader.at < message.length) {
    const key = Number(varint(reader));
    const values = fields.get(key >> 3) ?? [];
    values.push(valueOf(reader, key & 7));
    fields.set(key >> 3, values);
  }
  return fields;
}

/** Sub-messages, strings or bytes. */
export function bytesIn(fields: Fields, number: number): Buffer[] {
  return (fields.get(number) ?? []).filter((value) => typeof value !== "bigint");
}

/** 0 where the field was left out, as protobuf has it. */
export function numberIn(fields: Fields, number: number): bigint {
  return (fields.get(number) ?? []).find((value) => typeof value === "bigint") ?? 0n;
}

interface Reader {
  readonly message: Buffer;
  at: number;
}

function valueOf(reader: Reader, type: number): Buffer | bigint {
  if (type === VARINT) return varint(reader);
  if (type === SIXTY_FOUR_BITS) return take(reader, 8).readBigUInt64LE();
  if (type === BYTES) return take(reader, Number(varint(reader)));
  return BigInt(take(reader, 4).readUInt32LE());
}

function varint(reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = take(reader, 1).readUInt8();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

function take(reader: Reader, bytes: number): Buffer {
  const end = reader.at + bytes;
  if (end > reader.message.length) throw new RangeError("the message ends within a field");
  const taken = reader.message.subarray(reader.at, end);
  reader.at = end;
  return taken;
}
