/** What operators may do with a run and its entities, for the journeys of `test`. */
export { pauseRun, resumeRun } from "./control.ts";
export { limitEntity } from "./limit-entity.ts";
export { requeue } from "./requeue.ts";
export type { Scope } from "./selection.ts";
