/** What a row of each entity usually costs a loader: what is known of an entity before any of its rows was moved. */

/**
 * Milliseconds, measured in a first run of the sample at scale 1 on two cores, one loader. Beside each other these say more than the average of what was
 * done: the first entities of a run are the small ones, whose rows cost ten times those of cases and projects.
 */
const USUAL_MS: Readonly<Record<string, number>> = {
  practices: 0.35,
  profiles: 0.27,
  practice_members: 0.76,
  workflow_templates: 3.1,
  patients: 0.23,
  cases: 0.18,
  projects: 0.22,
  case_states: 0.36,
};

/** For an entity that was never measured: what most cost. */
export function usualCost(entity: string): number {
  return USUAL_MS[entity] ?? 0.25;
}
