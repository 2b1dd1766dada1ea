/** Whether what a service stands on answers. */

export type Answering = "ok" | "unavailable";

/** Milliseconds that each server has to answer. */
const PATIENCE_MS = 2_000;

/** Asks each server, all at once. Never rejects, and takes 2 s at most. */
export async function readinessOf<N extends string>(
  checks: Readonly<Record<N, () => Promise<unknown>>>,
): Promise<Record<N, Answering>>;
export async function readinessOf(
  checks: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Record<string, Answering>> {
  const states = Object.entries(checks).map(
    async ([name, check]) => [name, await answers(check)] as const,
  );
  return Object.fromEntries(await Promise.all(states));
}

async function answers(check: () => Promise<unknown>): Promise<Answering> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"unavailable">((resolve) => {
    timer = setTimeout(() => resolve("unavailable"), PATIENCE_MS);
  });
  const answered = check().then(
    () => "ok" as const,
    () => "unavailable" as const,
  );
  return await Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
