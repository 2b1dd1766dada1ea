/** A stand-in for Amazon Bedrock, for tests, benches and the demo. */
export type { Bill } from "./bill.ts";
export { bedrockEnvironment } from "./environment.ts";
export { type FaultName, FAULT_NAMES } from "./faults.ts";
export type { ScheduleChange } from "./schedule.ts";
export { type BedrockOptions, type BedrockServer, startBedrock } from "./server.ts";
