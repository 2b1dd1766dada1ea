/** Names in Dify: of keys only, never of a value, and the same for ever, so that what was created can be found again. */

/** Up to 40 characters, unique in the workspace. */
export function datasetName(practiceId: string | null): string {
  return `mig-${practiceId ?? "shared"}`;
}

/** Unique within everything that we put into Dify. */
export function documentName(contentType: string, contentId: string): string {
  return `${contentType}-${contentId}`;
}
