import type { AgentEvent, AgentRun } from '../agent.ts'
import { prependToolNotes } from '../tools/prepend-tool-notes.ts'

/** What the model is told in the last request of an answer whose budget is used up. */
const budgetNote =
  'The budget of this answer is used up. Answer now, without tools: sum up what you have found out and done, and what is still open.'

/** The run, with a note for the model in its history while its budget is used up. */
export function noteBudget(run: AgentRun, isBudgetUsedUp: () => boolean): AgentRun {
  return {
    ...run,
    loadHistory: async (request) =>
      prependToolNotes(await run.loadHistory(request), isBudgetUsedUp() ? [budgetNote] : []),
  }
}

/** The events of the last step of an answer whose budget is used up: that is why it ends. */
export async function* endForBudget<Result>(
  events: AsyncIterator<AgentEvent, Result, void>,
): AsyncGenerator<AgentEvent, Result, void> {
  try {
    for (;;) {
      const next = await events.next()
      if (next.done) return next.value
      yield next.value.type === 'finish' ? { type: 'finish', reason: 'BUDGET' } : next.value
    }
  } finally {
    // If the consumer stops early, so does the request.
    await events.return?.()
  }
}
