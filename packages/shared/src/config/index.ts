export { assignments } from "./assignments.ts";
export { backupVariables, type BackupVariables } from "./backup-variables.ts";
export { requireCatalog } from "./catalog.ts";
export { closest } from "./closest.ts";
export { loadEnvFile } from "./env-file.ts";
export { ConfigurationError, RefusedError, StartFailure, UnavailableError } from "./failure.ts";
export {
  CONNECTIONS,
  connectionsNeeded,
  PROOF_CONNECTIONS,
  legacyUrl,
  legacyVariables,
  type SourceRules,
  sourceVariables,
  targetUrl,
  targetVariables,
} from "./database-variables.ts";
export { type Config, parseConfig } from "./parse.ts";
export { encryptionOf, plainTextRisk } from "./tls.ts";
export { processVariables } from "./process-variables.ts";
export { PREFIXED, unreadVariables } from "./unread-variables.ts";
export { supabaseVariables } from "./supabase-variables.ts";
export { queueVariables, workerVariables } from "./queue-variables.ts";
export {
  boolean,
  checkedText,
  choice,
  databaseUrl,
  number,
  optionalChoice,
  optionalNumber,
  optionalQueueUrl,
  optionalText,
  queueUrl,
  text,
  type Variable,
} from "./variables.ts";
