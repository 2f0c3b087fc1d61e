import { truncate } from '../../../lib/text/truncate.ts'
import { isSteeringMessage, type MessageRecord, type ToolCall } from '../../../model/message.ts'
import { splitAnswerIntoSteps } from '../answer-steps.ts'
import type { ContextTurn } from './context-turns.ts'

/** How many tools the note names. */
const maxNamedTools = 20
/** A model may call a tool by any name. In UTF-16 code units. */
const maxNameLength = 64

/**
 * Leaves out the oldest steps of the answer at the end of a turn: calls together with their results. The user's message
 * ends with a note that names the calls, because some providers demand that an answer begins as they have sent it.
 */
export function omitAnswerSteps(turn: ContextTurn, count: number): ContextTurn {
  const answer = turn.at(-1)
  if (!answer || count <= 0) return turn
  const steps = splitAnswerIntoSteps(answer.parts)
  const calls = steps.slice(0, count).flatMap((step) => step.calls)
  const shortened: MessageRecord = { ...answer, parts: steps.slice(count).flatMap(({ parts }) => parts) }
  const userIndex = turn.findLastIndex((message) => message.role === 'USER' && !isSteeringMessage(message))
  const user = turn[userIndex]
  const withNote = user ? turn.with(userIndex, appendText(user, formatOmittedSteps(count, calls))) : turn
  return withNote.with(turn.length - 1, shortened)
}

/** Adds a text to the end of a message. Some servers accept a single text only. */
function appendText(message: MessageRecord, text: string): MessageRecord {
  const last = message.parts.at(-1)
  if (last?.type !== 'text') return { ...message, parts: [...message.parts, { type: 'text', text }] }
  return { ...message, parts: [...message.parts.slice(0, -1), { ...last, text: `${last.text}\n\n${text}` }] }
}

function formatOmittedSteps(count: number, calls: readonly ToolCall[]): string {
  const countByName = new Map<string, number>()
  for (const { name } of calls) countByName.set(name, (countByName.get(name) ?? 0) + 1)
  const named = [...countByName]
    .slice(0, maxNamedTools)
    .map(([name, times]) => `${truncate(name, maxNameLength)} (${times})`)
  const more = countByName.size > maxNamedTools ? ` and ${countByName.size - maxNamedTools} more` : ''
  const beginning =
    count === 1 ? 'The first step of your answer to this is' : `The first ${count} steps of your answer to this are`
  const callsText = named.length > 0 ? ` Calls in them: ${named.join(', ')}${more}.` : ''
  return `[${beginning} left out to save space.${callsText}]`
}
