export { type Closers, closers } from "./closers.ts";
export { inGroups } from "./in-groups.ts";
export { type Answering, readinessOf } from "./readiness.ts";
export { runService, type Service } from "./service.ts";
export { serveStatus, type Status, type StatusServer, statusVariables } from "./status-server.ts";
export { pause, startTicker, type Tick, type Ticker } from "./ticker.ts";
