/** Efforts of reasoning by the names that providers share, least first. `none`: the model does not reason. */
export const effortScale = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

export type Effort = (typeof effortScale)[number]

/** What a model takes of which nothing is known. */
export const defaultEfforts: readonly Effort[] = ['low', 'medium', 'high']

/** The efforts of the scale in a list of a provider or a person, least first and each once. Others are left out. */
export function normalizeEfforts(efforts: readonly string[]): Effort[] {
  const given = new Set(efforts.map((effort) => effort.trim().toLowerCase()))
  return effortScale.filter((effort) => given.has(effort))
}

/**
 * The effort that a model is asked for: the given one if it has that, else the nearest lower one. Null: none is asked for, so
 * that the model's own default counts. Nobody who wants some effort gets `none`.
 */
export function selectEffort(effort: string | null | undefined, efforts: readonly Effort[]): Effort | null {
  if (effort === null || effort === undefined) return null
  const rank = toRank(effort)
  return efforts.findLast((each) => each === effort || (each !== 'none' && toRank(each) < rank)) ?? null
}

/** -1 for an effort that is not in the scale, which is not greater than any other. */
function toRank(effort: string): number {
  return effortScale.findIndex((each) => each === effort)
}
