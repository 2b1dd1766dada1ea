/**
 * Matches a marker that `makeSample({ markers: "canaries" })` puts into every text column: `CANARY-<table>-<column>-<n>`, or
 * `CANARY-<nnn>` where the column is short. Case-insensitive, because e-mails are lower-cased. Not global, so that `test` has no memory.
 */
export const canaryPattern = /canary-(?:[a-z_]+-[a-z_]+-\d+|\d+)/i;
