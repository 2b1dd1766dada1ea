import type { Handled } from "@nexus/shared/queue";

export const DONE: Handled = { kind: "done" };

/** The id that a job of these tests carries as its data. */
export function idOf(data: unknown): string {
  return String(typeof data === "object" && data !== null ? Reflect.get(data, "id") : undefined);
}

/** A promise that somebody else resolves. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
