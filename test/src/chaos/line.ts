/** Lines to the servers of a stack: for services, a server is away or deaf; the server itself knows nothing of it. */
import { type Line, openLine, type RunningStack, type Stack } from "@nexus/shared/testing";

export interface Lines {
  readonly legacy: Line;
  readonly target: Line;
  readonly queue: Line;
}

/** A stack whose URLs lead by way of lines. `lines` are there once it is started. */
export function overLines(stack: Stack): Stack & { lines(): Lines } {
  let lines: Lines | undefined;
  return {
    name: stack.name,
    lines: () => {
      if (lines === undefined) throw new Error("the stack is not started");
      return lines;
    },
    start: async () => {
      const running = await stack.start();
      lines = await lay(running);
      const { legacy, target, queue } = lines;
      const stop = async (): Promise<void> => {
        await Promise.all([legacy.cut(), target.cut(), queue.cut()]);
        await running.stop();
      };
      return {
        ...running,
        legacyUrl: legacy.url,
        targetUrl: target.url,
        queueUrl: queue.url,
        stop,
      };
    },
  };
}

async function lay({ legacyUrl, targetUrl, queueUrl }: RunningStack): Promise<Lines> {
  const [legacy, target, queue] = await Promise.all([
    openLine(legacyUrl),
    openLine(targetUrl),
    openLine(queueUrl),
  ]);
  return { legacy, target, queue };
}
