import { setTimeout as delay } from 'node:timers/promises'
import type { ProviderStep } from '../../support/providers/openai-chunks.ts'
import type { CompletionRequest } from '../../support/providers/openai-rules.ts'
import { SeededRandom } from '../seeded-random.ts'

/** Calls of tools in one turn. */
const maxToolCalls = 2
const maxPauseMs = 30

/** The tool that writes a note, as models know it. */
export const noteToolName = 'notes__write'

/** Tells the calls of the tool apart. A number is never used twice in a process. */
let noteNumber = 0

/** The arguments of a call of the tool that writes a note, unlike those of any other call. */
export function newNoteArguments(): string {
  noteNumber += 1
  return JSON.stringify({ note: `note ${noteNumber}.` })
}

/** An answer to a request, chosen by the messages of the request: a text, a call of a tool, or a failure. */
export async function* answerRequest({ messages, tools }: CompletionRequest): AsyncGenerator<ProviderStep> {
  const userIndex = messages.findLastIndex(({ role }) => role === 'user')
  const random = new SeededRandom(hashText(JSON.stringify(messages[userIndex] ?? null)) + messages.length)
  // A refusal that has the server neither try again nor leave out what the model may not support.
  if (random.chance(0.05)) {
    yield { status: 403, body: { error: { message: 'The model is not allowed.', type: 'permission_error' } } }
    return
  }
  const words = random.between(1, 14)
  const failingWord = random.chance(0.07) ? random.between(1, words) : -1
  const reasoningWords = random.chance(0.5) ? random.between(0, words) : 0
  for (let word = 0; word < words; word += 1) {
    yield { wait: delay(random.between(0, maxPauseMs)) }
    if (word === failingWord) return yield { cut: true }
    yield word < reasoningWords
      ? { reasoning: `thought ${word} ` }
      : { text: `${random.pick(['word', 'Wörter', '言葉'])} ` }
  }
  const callCount = messages.slice(userIndex).filter(({ role }) => role === 'tool').length
  const callsTool = tools !== undefined && callCount < maxToolCalls && random.chance(0.45)
  if (callsTool) {
    const toolCall = { id: `call_${messages.length}`, name: noteToolName, arguments: [newNoteArguments()] }
    yield { toolCall }
    if (random.chance(0.2))
      yield { toolCall: { ...toolCall, index: 1, id: `${toolCall.id}b`, arguments: [newNoteArguments()] } }
  }
  yield { finish: callsTool ? 'tool_calls' : random.chance(0.05) ? 'length' : 'stop' }
  yield { usage: { input: 10, output: 5 } }
}

/** FNV-1a. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
