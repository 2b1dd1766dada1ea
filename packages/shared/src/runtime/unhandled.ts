/** The last word of a process about an error that nobody handled: Node's own would print its message, which may quote a row. */

/** `say` is told the error, and the process ends with 1: what it left open is taken over by others. */
export function endOnUnhandled(say: (error: unknown) => void): void {
  const end = (error: unknown): void => {
    try {
      say(error);
    } finally {
      process.exit(1);
    }
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}
