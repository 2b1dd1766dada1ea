export { ConfigurationError, StartFailure, UnavailableError } from "./failure.ts";
export { type Config, parseConfig } from "./parse.ts";
export {
  boolean,
  choice,
  databaseUrl,
  number,
  optionalChoice,
  optionalNumber,
  optionalText,
  queueUrl,
  text,
  type Variable,
} from "./variables.ts";
