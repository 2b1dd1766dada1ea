/** What a test file started and did not end, because a test failed or a hook ran out of time. Ended after the file. */
declare global {
  /** One for the process: this room is loaded twice, from `src` by its own tests and from `dist` by all others. */
  var nexusLeftOver: Set<() => Promise<void>> | undefined;
}

function leftOver(): Set<() => Promise<void>> {
  return (globalThis.nexusLeftOver ??= new Set());
}

/** Has `end` called after the test file, unless what it returns is called before. */
export function untilFileEnds(end: () => Promise<void>): () => void {
  leftOver().add(end);
  return () => void leftOver().delete(end);
}

/** Ends all that is left over, and resolves when it has ended. What refuses to end is no reason to leave the rest. */
export async function endLeftOver(): Promise<void> {
  const ends = [...leftOver()];
  leftOver().clear();
  await Promise.allSettled(ends.map((end) => end()));
}
