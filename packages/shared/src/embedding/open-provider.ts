/** The only way to a provider. Nothing is loaded, constructed or read before it is called; `local` never loads the AWS SDK. */
import { localProvider } from "./local.ts";
import type { Provider } from "./provider.ts";

/** `bedrock` (Amazon Titan Text Embeddings V2) or `local` (compares words, knows no meaning; for demos and tests). */
export const PROVIDERS = ["bedrock", "local"] as const;

export interface ProviderConfig {
  readonly provider: (typeof PROVIDERS)[number];
  /** Calls at a time, at most: as many sockets are kept open. */
  readonly concurrency: number;
  /** Milliseconds after which a call is given up. */
  readonly timeoutMs: number;
}

/**
 * Opens a provider; close it in the end.
 * Bedrock's region, endpoint and credentials are those of the AWS SDK's own variables and files.
 *
 * @throws ConfigurationError if Bedrock is wanted, and its region is missing or its bearer token empty
 */
export async function openProvider({ provider, ...settings }: ProviderConfig): Promise<Provider> {
  if (provider === "local") return localProvider();
  const { openBedrock } = await import("./bedrock.ts");
  return await openBedrock(settings);
}
