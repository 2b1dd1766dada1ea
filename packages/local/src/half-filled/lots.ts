/** Lots from a seed: each is a function of the seed, what is drawn, and a number. */
import { createHash } from "node:crypto";

export interface Lots {
  /** 0 or above, below 1. */
  readonly draw: (what: string, n: number) => number;
  /** A UUID of version 4, as any other tool makes them. */
  readonly id: (what: string, n: number) => string;
  readonly oneOf: <T>(what: string, n: number, among: readonly [T, ...T[]]) => T;
  /** The same items in an order of their own. */
  readonly shuffled: <T>(what: string, items: readonly T[]) => T[];
}

export function openLots(seed: number): Lots {
  const digest = (what: string, n: number): Buffer =>
    createHash("sha256").update(`${seed} ${what} ${n}`).digest();
  const draw = (what: string, n: number): number => digest(what, n).readUIntBE(0, 6) / 2 ** 48;
  return {
    draw,
    id: (what, n) => uuid4(digest(`id of ${what}`, n)),
    oneOf: (what, n, among) => among[Math.floor(draw(what, n) * among.length)] ?? among[0],
    shuffled: (what, items) =>
      items
        .map((item, n) => ({ item, lot: draw(what, n) }))
        .sort((a, b) => a.lot - b.lot)
        .map(({ item }) => item),
  };
}

function uuid4(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex", 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
