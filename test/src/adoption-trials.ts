/** On which sources and stacks adoption is tried. */
import { mostReal, stacks } from "@nexus/shared/testing";
import { embedded } from "./embedded-stack.ts";

/** `ADOPTION_SCALE=1`: the report's 844 practices and 9,101 profiles. */
export const SCALE = Number(process.env["ADOPTION_SCALE"] ?? 0.05);

/** `ADOPTION_ORDERS=none`: the report's state, in which the earlier tool came as far as practices and profiles. */
export const ORDERS = process.env["ADOPTION_ORDERS"] === "none" ? "none" : "half";

const [usual] = mostReal(stacks([embedded]));

/** Both shapes on both stacks at full scale; else only the stack that is most like production has both. */
export const trials = stacks([embedded]).flatMap((stack) => {
  const all = SCALE === 1 || stack.name === usual?.name;
  return (["real", "reported"] as const)
    .slice(all ? 0 : 1)
    .map((shape) => ({ stack, shape, name: stack.name }));
});
