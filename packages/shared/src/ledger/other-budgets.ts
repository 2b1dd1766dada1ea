/** Budgets that are of no embedding model: what is told of embedding leaves them out. */
import { ACCOUNT_BUDGET, INVITATION_BUDGET } from "./account-progress.ts";
import { DIFY_BUDGET } from "./dify-progress.ts";

export const OTHER_BUDGETS = [DIFY_BUDGET, ACCOUNT_BUDGET, INVITATION_BUDGET] as const;

/** The condition in SQL: `model` is an embedding model. */
export const ofModels = `model not in (${OTHER_BUDGETS.map((model) => `'${model}'`).join(", ")})`;
