/** A case that moves to another practice takes its projects and states along, whoever moves it. */
import type { Queryable } from "../database/pool.ts";
import { type StoredFunction, setTrigger } from "../database/stored-function.ts";

const follow: StoredFunction = {
  name: "follow_case_practice",
  returns: "trigger",
  language: "plpgsql",
  volatility: "volatile",
  body: `
begin
  update public.projects set practice_id = new.practice_id
   where case_id = new.id and practice_id is distinct from new.practice_id;
  update public.case_states set practice_id = new.practice_id
   where case_id = new.id and practice_id is distinct from new.practice_id;
  return null;
end `,
};

/** Creates what is missing on public.cases, if there is such a table. Says what it did. */
export async function followPractice(tx: Queryable): Promise<string[]> {
  return await setTrigger(tx, { table: "cases", event: "update of practice_id", calls: follow });
}
