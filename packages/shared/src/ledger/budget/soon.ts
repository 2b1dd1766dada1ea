/**
 * A column that makes the statement's own transaction durable soon instead of at once (within 0.6 s): every process waits for
 * the budget's row, and it is locked until the commit is done, which takes 10 ms on a slow disk. What a crash of the server
 * can forget is the bill of calls whose vectors it forgets too: a vector's commit comes later, and makes all before it durable.
 */
export const SOON = "set_config('synchronous_commit', 'off', true) as durable";
