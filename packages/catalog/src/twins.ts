/**
 * The second mapping: an entity's twin is a statement in `twins/`, written from the contract, of which the first mapping knows nothing.
 * Whoever runs twins reads the files: the catalog is pure.
 */
export const twinsFolder = new URL("../twins/", import.meta.url);
