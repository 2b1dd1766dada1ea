import { describe, expect, it } from "vitest";
import { noteKind } from "./note-kinds.ts";

describe("the kind of a note", () => {
  it.each([
    ["email_invalid", "lost"],
    ["creator_dangling", "lost"],
    ["date_out_of_range", "lost"],
    ["json_invalid", "kept"],
    ["text_repaired", "kept"],
    ["never heard of", "lost"],
  ])("of %s is %s", (code, kind) => expect(noteKind(code)).toBe(kind));
});
