import { type Exit, spawnGroup } from "./own-group.ts";

/** How a command ended, and what it printed. */
interface Ended extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. What it started in its group ends with it; neither outlives us. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Ended> {
  const { child, exited } = spawnGroup(command, args, options);
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (printed[name] += text));
  return { ...(await exited), ...printed };
}
