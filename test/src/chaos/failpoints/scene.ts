/** What a scene is. */
import type { ServiceName } from "@nexus/local/services";
import type { Env } from "./crew.ts";
import type { Stage } from "./stage.ts";

export interface Scene {
  /** The service whose processes die. */
  readonly victim: ServiceName;
  /** Why it cannot be played on this machine; undefined: it can. */
  readonly missing?: string | undefined;
  /** Plays it: `man` puts the victims to their post, with an environment of their own. Throws where the end is not as it must be. */
  play(stage: Stage, man: Man): Promise<void>;
}

/** Mans the victims' post, beside those of a run. */
type Man = (env?: Env) => Promise<void>;
