export {
  accountUser,
  accountUsersOfAddressesSql,
  accountUsersOfKeysSql,
  accountUsersSql,
  type AccountUser,
  passwordHash,
  passwordHashesSql,
  signInAddress,
  TEXT_AS_STORED,
} from "./account-users.ts";
export { authAddress } from "./auth-address.ts";
export { checkCatalog, entityNamed, inDependencyOrder } from "./catalog.ts";
export { type Content, contentOf } from "./content/contents.ts";
export { enums, parseCodes, type Codes } from "./codes.ts";
export { defineEntity } from "./define-entity.ts";
export type { Column, Columns, ColumnType } from "./column.ts";
export type {
  Entity,
  Link,
  LoadedRow,
  Note,
  Outcome,
  Parent,
  ParentLookup,
  SourceRow,
  Value,
} from "./entity.ts";
export { entities } from "./entities/index.ts";
export {
  extractionSql,
  fingerprintedSql,
  fingerprintsOfKeysSql,
  fingerprintsSql,
  recognitionSql,
  tablesRead,
  tablesReadByAny,
} from "./extraction.ts";
export { idOf } from "./ids.ts";
export { asMapped } from "./recognition.ts";
export { GROUP_BITS, rowVersionsSql } from "./row-versions.ts";
export { noteKind } from "./note-kinds.ts";
export { FORESEEN_PATTERNS, reasonKind } from "./reasons.ts";
export { UnreadableRow } from "./row-errors.ts";
export { inOtherCase, MissingInSource, missingInSource } from "./missing-in-source.ts";
export { textOfJson } from "./source-conversions.ts";
export { sourceKey } from "./source-key.ts";
export { knownTables } from "./source-fields.ts";
export { quoted, sourceShape, type SourceColumn, type SourceShape } from "./source-shape.ts";
export type { Family } from "./source-types.ts";
export {
  convertedColumns,
  textDatesSql,
  type TypedColumn,
  unfitColumns,
  zonedColumns,
} from "./typed-source.ts";
export { trimmed } from "./text.ts";
export { twinsFolder } from "./twins.ts";
