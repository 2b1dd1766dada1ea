/** One way to open practices, or to seem to: what is put over or beside our tables, and what has to be said of it. */
export interface Attack {
  readonly what: string;
  /** By the role of TARGET_URL, which owns the tables, or by the superuser. `$tenant` is the tenants' role. */
  readonly make: string;
  readonly by?: "superuser";
  /** Asked by somebody who is a member of nothing: returns `rows`, how many patients or members are seen. */
  readonly ask: string;
  /** What is said of it; left out where nothing is open. */
  readonly says?: RegExp;
  readonly undo: string;
}
