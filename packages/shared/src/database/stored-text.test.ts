import { expect, it } from "vitest";
import { decoderOf, labelOf } from "./stored-text.ts";

it.each([
  ["SQL_ASCII", [0x43, 0xc3, 0xa9], { text: "Cé", whole: true }],
  ["SQL_ASCII", [0x43, 0xe9], { text: "C\uFFFD", whole: false }],
  ["WIN1252", [0x43, 0x80], { text: "C€", whole: true }],
  ["WIN1252", [0x43, 0x81], { text: "C\uFFFD", whole: false }],
  ["ISO_8859_5", [0xd4], { text: "д", whole: true }],
  ["LATIN9", [0xa4], { text: "€", whole: true }],
])("text of %s is decoded: %j", (encoding, bytes, decoded) => {
  expect(decoderOf(labelOf(encoding))(Buffer.from(bytes))).toEqual(decoded);
});
