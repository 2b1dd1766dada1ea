/** What Dockerfile says of each image. */
import { z } from "zod";
import { read } from "./files.ts";

export interface Image {
  /** The workspace package that lies in /app. */
  readonly package: string;
  /** Options of Node before the main file. */
  readonly options: readonly string[];
  /** The main file in /app; absent where the command names it. */
  readonly main: string | undefined;
  readonly command: readonly string[];
}

const words = z.array(z.string());

/** The images by target. */
export function images(): ReadonlyMap<string, Image> {
  const stages = read("Dockerfile")
    .split(/^FROM /m)
    .slice(1);
  return new Map(
    stages.flatMap((stage) => {
      const target = /^runtime AS (\w+)$/m.exec(stage)?.[1];
      return target === undefined ? [] : [[target, imageOf(stage)] as const];
    }),
  );
}

/** The instructions of the stage that all images are made from. */
export function runtimeStage(): string {
  return (
    read("Dockerfile")
      .split(/^FROM /m)
      .find((stage) => /^\S+ AS runtime$/m.test(stage)) ?? ""
  );
}

/** What the build puts into /out. */
export function deployed(): readonly string[] {
  return /deploy\.sh \/out ([\w ]+)$/m.exec(read("Dockerfile"))?.[1]?.split(" ") ?? [];
}

function imageOf(stage: string): Image {
  const [node, ...rest] = listAfter("ENTRYPOINT", stage);
  if (node !== "node") throw new Error("an image's first process is not node");
  return {
    package: /^COPY --from=build \/out\/(\w+) \/app$/m.exec(stage)?.[1] ?? "",
    options: rest.filter((word) => word.startsWith("-")),
    main: rest.find((word) => !word.startsWith("-")),
    command: listAfter("CMD", stage),
  };
}

function listAfter(instruction: string, stage: string): readonly string[] {
  const found = new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(stage)?.[1];
  return found === undefined ? [] : words.parse(JSON.parse(found));
}
