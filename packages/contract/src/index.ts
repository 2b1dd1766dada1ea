export {
  type Answer,
  ApiProblem,
  type Client,
  type ClientOptions,
  type Given,
  openClient,
} from "./client.ts";
export { contract, type RouteContract, type RouteName } from "./contract.ts";
export { type ProblemCode, problem, PROBLEMS } from "./problem.ts";
export type { Lineage } from "./records.ts";
export type { EntityView, Eta, Limit, RunView, Totals } from "./run-view.ts";
