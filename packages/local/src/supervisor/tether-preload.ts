/** What `node --import` loads into a child process; see tether.ts. */
import { tether } from "./tether.ts";

tether();
