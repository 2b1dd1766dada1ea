/** How the Knowledge API refuses. */
import { type Answer, json } from "../stand-in/answers.ts";

/** An error in Dify's envelope. */
export function refusal(status: number, code: string, message: string): Answer {
  return json(status, { code, message, status });
}
