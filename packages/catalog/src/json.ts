/** JSON as text: numbers of the source never pass through JavaScript, and blank members are left out. */

import { withoutLoneSurrogates } from "./text.ts";

/** JSON text that is already made, to be placed as it is. */
export interface Json {
  readonly json: string;
}

type Member = string | number | boolean | readonly number[] | Json | null | undefined;

type Members = Readonly<Record<string, Member>>;

/** An object of the members that are not blank, or null where all are. Arrays of ids ascend. */
export function jsonObject(members: Members): Json | null {
  let json = "";
  for (const name in members) {
    const text = jsonOf(members[name]);
    if (text !== null) json += `${json === "" ? "{" : ","}"${name}":${text}`;
  }
  return json === "" ? null : { json: `${json}}` };
}

/** The text of `jsonObject`, for a column that is never NULL. */
export function jsonText(members: Members): string {
  return jsonObject(members)?.json ?? "{}";
}

function jsonOf(value: Member): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "string") return JSON.stringify(withoutLoneSurrogates(value));
  if (typeof value !== "object") return String(value);
  if ("json" in value) return value.json;
  return value.length === 0 ? null : `[${[...value].sort((a, b) => a - b).join(",")}]`;
}
