/** A run's progress as people are shown it, on a terminal and elsewhere. */
export { accountsInFull } from "./account-lines.ts";
export { untilOver } from "./follow.ts";
export { progressLines } from "./lines.ts";
export { isClosed, isOver, isRefuted, needsPerson, type Progress } from "./view.ts";
