/** The doctor's environment: each variable on its own, so that a wrong one does not keep the others from being looked at. */
import {
  type Config,
  ConfigurationError,
  legacyUrl,
  optionalNumber,
  parseConfig,
  queueVariables,
  sourceVariables,
  targetUrl,
  unreadVariables,
  type Variable,
} from "@nexus/shared/config";
import { apiVariables } from "../api.ts";
import { type Area, type Finding, note, unchecked, wrong } from "./finding.ts";

/** Connections that the services open, where that is set: by them the limits of the servers are judged. */
export const poolVariables = {
  LEGACY_POOL: optionalNumber(1, 50, {
    meaning: "connections of each service to the source, where it is set",
  }),
  TARGET_POOL: optionalNumber(1, 50, {
    meaning: "connections of each service to the target, where it is set",
  }),
};

/** What `nexus doctor` reads. */
export const doctorVariables = {
  TARGET_URL: targetUrl,
  LEGACY_URL: legacyUrl,
  ...poolVariables,
  ...sourceVariables,
  ...queueVariables,
  ...apiVariables,
};

export type Settings = Partial<Config<typeof doctorVariables>>;

const AREA: Readonly<Record<string, Area>> = {
  TARGET_URL: "target",
  LEGACY_URL: "legacy",
  QUEUE_URL: "queue",
};

/** What is set and well formed, and what is to be said of the rest. */
export function readSettings(env: NodeJS.ProcessEnv): { settings: Settings; findings: Finding[] } {
  const findings: Finding[] = [];
  const read = <T>(
    name: keyof typeof doctorVariables,
    variable: Variable<T>,
  ): Record<string, T> => {
    try {
      return parseConfig({ [name]: variable }, env);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const area = AREA[name];
      const isAbsent =
        (env[name] ?? env[`${name}_FILE`] ?? "") === "" && !error.message.includes("did you mean");
      findings.push(
        isAbsent && area !== undefined
          ? unchecked(
              area,
              `${name} is not set: nothing was asked there`,
              `set ${name}, as in .env.example`,
            )
          : wrong("environment", "variable_wrong", error.message, `correct ${name}`),
      );
      return {};
    }
  };
  const settings = {
    ...read("TARGET_URL", doctorVariables.TARGET_URL),
    ...read("LEGACY_URL", doctorVariables.LEGACY_URL),
    ...read("LEGACY_POOL", doctorVariables.LEGACY_POOL),
    ...read("TARGET_POOL", doctorVariables.TARGET_POOL),
    ...read("LEGACY_ENCODING", doctorVariables.LEGACY_ENCODING),
    ...read("LEGACY_TIMEZONE", doctorVariables.LEGACY_TIMEZONE),
    ...read("LEGACY_ROW_SECURITY", doctorVariables.LEGACY_ROW_SECURITY),
    ...read("QUEUE_URL", doctorVariables.QUEUE_URL),
    ...read("QUEUE_PREFIX", doctorVariables.QUEUE_PREFIX),
    ...read("NEXUS_API_URL", doctorVariables.NEXUS_API_URL),
    ...read("NEXUS_TOKEN", doctorVariables.NEXUS_TOKEN),
  };
  const unread = unreadVariables(env).map(({ code, says }) => note("environment", code, says));
  return { settings, findings: [...findings, ...unread] };
}
