/** What a session begins with, as `options=` of a URL or PGOPTIONS say, and who refuses it. */

/** Not understood, not known, or of no such value. Not 42501: who may not connect to a database is told the same. */
const OF_A_SETTING = /^(22|426|427|55P02)/;

/** PgBouncer's words. It has this code for much else. */
const OF_A_POOLER = /unsupported (options )?startup parameter/i;

/** `setting`: the server refuses one of them. `pooler`: a pooler before it takes none, or not this one. Undefined: it is something else. */
export function refusedOptions(error: unknown): "setting" | "pooler" | undefined {
  if (!(error instanceof Error) || Reflect.get(error, "severity") !== "FATAL") return undefined;
  const code = String(Reflect.get(error, "code"));
  if (code === "08P01" && OF_A_POOLER.test(error.message)) return "pooler";
  return OF_A_SETTING.test(code) ? "setting" : undefined;
}
