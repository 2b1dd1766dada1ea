/** Where the built services are, and the environment that each of them reads. */
import { fileURLToPath } from "node:url";

export type ServiceName = "extractor" | "loader" | "embedder" | "api";

/** Where the three servers are. */
export interface Servers {
  readonly legacyUrl: string;
  readonly targetUrl: string;
  readonly queueUrl: string;
}

/** A service to be run as a process of its own, as in production. */
export interface ServiceToRun {
  readonly name: string;
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Options of Node for each service, the same as in the scripts of package.json and in Dockerfile, which says why. */
const NODE_OPTIONS: Partial<Record<ServiceName, string>> = {
  extractor: "--max-semi-space-size=4",
  loader: "--max-semi-space-size=32",
};

/** The main file of a service and its environment; `more` adds to it or replaces it. */
export function serviceToRun(
  service: ServiceName,
  { legacyUrl, targetUrl, queueUrl }: Servers,
  more: Readonly<Record<string, string>> = {},
): ServiceToRun {
  const readsLegacy = service === "extractor" || service === "loader";
  const legacy: Record<string, string> = readsLegacy ? { LEGACY_URL: legacyUrl } : {};
  const options = NODE_OPTIONS[service];
  const node: Record<string, string> = options === undefined ? {} : { NODE_OPTIONS: options };
  return {
    name: service,
    main: fileURLToPath(new URL(`../../../../services/${service}/dist/main.js`, import.meta.url)),
    env: { ...node, ...legacy, TARGET_URL: targetUrl, QUEUE_URL: queueUrl, ...more },
  };
}
