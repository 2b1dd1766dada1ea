export { type Closers, closers } from "./closers.ts";
export { inGroups } from "./in-groups.ts";
export { runService, type Service } from "./service.ts";
export { pause, startTicker, type Tick, type Ticker } from "./ticker.ts";
