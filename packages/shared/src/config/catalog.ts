/** The catalog of this build, which every process stands on. */
import { checkCatalog, entities } from "@nexus/catalog";
import { ConfigurationError } from "./failure.ts";

/** Throws `ConfigurationError` that lists everything that keeps the catalog from being run, with what to add. */
export function requireCatalog(): void {
  try {
    checkCatalog(entities);
  } catch (cause) {
    throw cause instanceof Error ? new ConfigurationError(cause.message, { cause }) : cause;
  }
}
