import type { Closers } from "@nexus/shared/runtime";
import { MessageChannel } from "node:worker_threads";

/** Keeps the process alive without a socket or a timer, so that whoever deploys it sees it ready, and switched off. */
export function stayReady(closers: Closers): void {
  const { port1 } = new MessageChannel();
  port1.ref();
  closers.push("wait", async () => port1.close());
}
