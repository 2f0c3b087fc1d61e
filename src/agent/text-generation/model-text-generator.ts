import type { ModelMessage } from 'ai'
import { addUsage, noUsage, type Usage } from '../../model/records.ts'
import { type Agent, AgentError, type Writer, type WritingRun, type Written } from '../agent.ts'
import { estimateTokens } from '../estimate-tokens.ts'

const summaryOrder = `Above is a chat between a user and an assistant. It is about to be continued by an assistant who will see
nothing of it but what you write now. Write down all that is needed for that, in the language of the chat: what the user
wants and has decided, what was found out and done (names, numbers, paths, code and links word for word where they matter),
what failed and why, and what is open. Do not answer the user, do not add anything new, do not comment.`

const titleOrder = `Above is the beginning of a chat. Write a title for it: three to seven words, in the language of the chat,
without quotation marks and without a full stop. Write the title and nothing else.`

/** How much of a chat a title is made of, in UTF-16 code units. */
const titleNeeds = 4000

/** Of the model's window, the share that may be filled with what is to be summarised; and how long a token is, at least. */
const summaryShare = 0.7
const unitsPerToken = 3

/**
 * Has an agent write about chats. It is sent what was said as one text, for with no tools at hand some refuse tool
 * calls. What is too long for its window, in tokens, loses its beginning: better a summary of the rest than none.
 */
export function modelWriter(agent: Agent, window: number): Writer {
  const longest = Math.floor(window * summaryShare * unitsPerToken)
  return {
    summarise: (run) => written(agent, run, `${ending(toldAsText(run.messages), longest)}\n\n---\n\n${summaryOrder}`),
    entitle: (run) => written(agent, run, `${toldAsText(run.messages).slice(0, titleNeeds)}\n\n---\n\n${titleOrder}`),
  }
}

function ending(text: string, longest: number): string {
  return text.length <= longest ? text : `[The beginning is left out.]\n\n${text.slice(-longest)}`
}

async function written(agent: Agent, { model, signal }: WritingRun, order: string): Promise<Written> {
  let text = ''
  let usage: Usage | null = null
  let inputTokens = 0
  const events = agent.answer({
    model,
    history: async () => [{ role: 'user', content: order.toWellFormed() }],
    mayRun: async () => false,
    isGranted: async () => false,
    signal,
  })
  for await (const event of events) {
    if (event.type === 'text') text += event.text
    if (event.type === 'step') inputTokens += event.estimatedInputTokens
    if (event.type === 'usage') usage = addUsage(usage ?? noUsage, event.usage)
  }
  if (signal.aborted) throw new AgentError('PROVIDER', 'It was stopped before it was written.')
  // It was paid for, whether the provider tells how much or not.
  const estimate = { ...noUsage, estimated: true, inputTokens, outputTokens: estimateTokens(text.length) }
  return { text, usage: usage ?? estimate }
}

/** A chat as a text to read. */
export function toldAsText(messages: readonly ModelMessage[]): string {
  return messages.flatMap(paragraphsOf).join('\n\n')
}

function paragraphsOf({ role, content }: ModelMessage): string[] {
  const who = { user: 'User', assistant: 'Assistant', tool: 'Result', system: 'Note' }[role]
  const parts = typeof content === 'string' ? [{ type: 'text', text: content } as const] : content
  return parts.flatMap((part) => {
    switch (part.type) {
      case 'text':
        return `${who}: ${part.text}`
      case 'tool-call':
        return `${who} calls ${part.toolName}: ${JSON.stringify(part.input)}`
      case 'tool-result':
        return `${who} of ${part.toolName}: ${'value' in part.output ? shown(part.output.value) : part.output.type}`
      case 'file':
      case 'image':
        return `${who} sends a file (${part.mediaType ?? 'of an unknown type'}).`
      default:
        return []
    }
  })
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
