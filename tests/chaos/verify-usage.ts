import { loadUsageFigures, type UsageFigures } from '../support/clients/usage-figures.ts'
import type { GraphQLRequester } from './invariant-checker.ts'
import { InvariantViolation } from './reader.ts'

/** How often the figures are read again because a summary or a title has been counted in between. */
const maxAttempts = 5

/**
 * Verifies that the sums of the day are what sessions and their logs say: each answer counts once, and so does what titles and
 * summaries have used, which is in the session only. Throws `InvariantViolation`.
 */
export async function verifyUsage(client: GraphQLRequester): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const figures = await loadUsageFigures((query, variables, schema) => client.ask(query, variables, schema))
    const difference = findDifference(figures)
    if (difference === null) return
    if (attempt === maxAttempts) throw new InvariantViolation(difference)
  }
}

function findDifference({ sums, sessions, logs, totals }: UsageFigures): string | null {
  for (const [id, { inputTokens, outputTokens }] of sessions) {
    const sum = sums.get(id)
    if (sum?.inputTokens !== inputTokens || sum.outputTokens !== outputTokens)
      return `Session ${id} has used ${inputTokens} and ${outputTokens} tokens, but its sum is ${JSON.stringify(sum)}.`
    const log = logs.get(id)
    if (sum.answers !== (log?.answers ?? 0))
      return `Session ${id} has ${log?.answers} answers in its log, but its sum is ${JSON.stringify(sum)}.`
    if (log && (log.inputTokens > inputTokens || log.outputTokens > outputTokens))
      return `Session ${id} has a sum of ${JSON.stringify(sum)}, but its log ${JSON.stringify(log)}.`
  }
  const [first, ...others] = totals.map((total) => JSON.stringify(total))
  const other = others.find((total) => total !== first)
  return other === undefined ? null : `The sums by session are ${first}, others ${other}.`
}
