export { ApiProblem, ApiUnreachable } from "./api-problem.ts";
export { type Answer, type Client, type ClientOptions, type Given, openClient } from "./client.ts";
export { contract, type RouteContract, type RouteName } from "./contract.ts";
export { followProgress } from "./follow.ts";
export { type ProblemCode, problem, PROBLEMS } from "./problem.ts";
export type { Forecast } from "./forecast.ts";
export type { Lineage } from "./records.ts";
export type { Report, ReportFormat } from "./report.ts";
export type { EntityView, Eta, Limit, RunView, Totals } from "./run-view.ts";
