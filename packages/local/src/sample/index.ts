/** The sample legacy database: made from a seed, in the report's proportions, with its dirt. */
export { canaryPattern } from "./canaries.ts";
export { counts, type Counts } from "./counts.ts";
export type { Database, Where } from "./database.ts";
export { describeSample } from "./describe.ts";
export { makeSample, type SampleOptions } from "./make.ts";
export {
  mutate,
  type Changes,
  type Mutation,
  type MutationOptions,
  type MutatedEntity,
} from "./mutate.ts";
export type { Shape } from "./script.ts";
