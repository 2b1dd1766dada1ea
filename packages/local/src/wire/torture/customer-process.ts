/** A customer as a process of its own, to be killed: `customer-process.js URL NAME SEED`. Prints the number of each entry committed. */
import { writeSync } from "node:fs";
import { runCustomer } from "./customer.ts";
import { createDice } from "./dice.ts";

const [url = "", name = "", seed = "0"] = process.argv.slice(2);
const STDOUT = 1;

const tally = await runCustomer({
  url,
  name,
  dice: createDice(Number(seed)),
  more: () => true,
  // At once, so that nothing acknowledged is forgotten by a kill.
  committed: (entry) => writeSync(STDOUT, `${entry}\n`),
});
process.exitCode = tally.wrong.length;
