/** Ids of decisions that this page has shown while they waited, and of those that it has answered. */
const shown = new Set<string>()
const answered = new Set<string>()

export function markShownPending(decisionId: string): void {
  shown.add(decisionId)
}

/** An answer is on its way. Returns a function for when it was refused. */
export function markAnsweredHere(decisionId: string): () => void {
  answered.add(decisionId)
  return () => void answered.delete(decisionId)
}

/** Whether a decision that waited on this page was settled by somebody else. */
export function wasAnsweredElsewhere(decisionId: string): boolean {
  return shown.has(decisionId) && !answered.has(decisionId)
}
