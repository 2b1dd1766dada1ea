export { type Closers, closers } from "./closers.ts";
export { microBatch } from "./micro-batch.ts";
export { openStatus } from "./open-status.ts";
export { type Answering, readinessOf } from "./readiness.ts";
export { type Context, runService } from "./service.ts";
export { type Status, statusVariables } from "./status-server.ts";
export { endOnUnhandled } from "./unhandled.ts";
export { pause, startTicker, type Tick, type Ticker } from "./ticker.ts";
export { openTurn, type Turn } from "./turn.ts";
