import { addUsage, countTokens, normalizeStoredUsage, noUsage, type Usage } from '../../model/usage.ts'
import { toUtcDay, type UsageDimension, type UsageSumRecord } from '../usage/usage-sum-store.ts'

export interface UsageSumRow {
  day: number
  key: string
  answers: number
  /** JSON. */
  usage: string
}

/** Something to add to the sums. */
export interface CountedUsage {
  readonly sessionId: string
  readonly model: string
  /** When it ended, in epoch milliseconds. */
  readonly at: number
  readonly usage: Usage
  /** Whether it is a stream, and not a title or a summary. */
  readonly isAnswer: boolean
}

export function usageSumFromRow({ day, key, answers, usage }: UsageSumRow): UsageSumRecord {
  return { day, key, answers, usage: normalizeStoredUsage(JSON.parse(usage)) }
}

/** Adds to a stored usage, if there is one. Returns it as it is stored. */
export function addToStoredUsage(stored: string | undefined, usage: Usage): string {
  return JSON.stringify(addUsage(stored === undefined ? noUsage : normalizeStoredUsage(JSON.parse(stored)), usage))
}

/** The sums that are to be increased. None if nothing was used. `source`, `jobId`: of the session. */
export function listIncreasedSums(
  { sessionId, model, at, usage, isAnswer }: CountedUsage,
  { source, jobId }: { readonly source: string | undefined; readonly jobId: string | undefined },
): (UsageSumRecord & { readonly dimension: UsageDimension })[] {
  if (countTokens(usage) === 0 && !usage.cost) return []
  const keys: [UsageDimension, string | undefined][] = [
    ['MODEL', model],
    ['SESSION', sessionId],
    ['SOURCE', source],
    ['JOB', jobId],
  ]
  const increase = { day: toUtcDay(at), answers: isAnswer ? 1 : 0, usage }
  return keys.flatMap(([dimension, key]) => (key === undefined ? [] : [{ dimension, key, ...increase }]))
}
