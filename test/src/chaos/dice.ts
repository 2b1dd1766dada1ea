/** Dice from a seed, so that a failed run can be repeated: CHAOS_SEED. */
export { type Dice, dice } from "@nexus/shared/testing";

/** The seed of this test run, named by every test that throws dice. */
export const seed = Number(process.env["CHAOS_SEED"] ?? 1);

/** How much longer than the short form the chaos lasts. 1 in `npm test`, more in `npm run chaos`. */
export const rounds = Number(process.env["CHAOS_ROUNDS"] ?? 1);
