/** The commands that README.md prints. */
import { readFileSync } from "node:fs";

const readme = new URL("../../../README.md", import.meta.url);

/** Every line of the shell blocks, without its remark; `&` lines stay whole. */
export function blockLines(): string[] {
  return [...text().matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, block = ""]) => block.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "");
}

/** What stands in the prose between backticks and begins like a command or is an option of the one before. */
export function proseCommands(): string[] {
  const prose = text().replaceAll(/^```.*?^```$/gms, "");
  return [...prose.matchAll(/`((?:npm|npx|pnpm|node|docker|nexus) [^`]+|--[a-z][^`]*)`/g)].map(
    ([, command = ""]) => command,
  );
}

function text(): string {
  return readFileSync(readme, "utf8");
}
