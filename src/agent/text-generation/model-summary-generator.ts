import { hash } from 'node:crypto'
import type { ModelMessage } from 'ai'
import {
  type Agent,
  AgentError,
  type SummaryAndTitleGenerator,
  type GenerateTextRequest,
  type GeneratedText,
} from '../agent.ts'
import { toolOutputToText } from '../tool-output-to-text.ts'
import { findGraphemeStart } from '../../lib/text/truncate.ts'
import { TextGenerationUsageMeter } from './text-generation-usage-meter.ts'

const summaryPrompt = `Above is a chat between a user and an assistant. It is about to be continued by an assistant who will see
nothing of it but what you write now. Write down all that is needed for that, in the language of the chat: what the user
wants and has decided, what was found out and done (names, numbers, paths, code and links word for word where they matter),
what failed and why, and what is open. Do not answer the user, do not add anything new, do not comment.`

const titlePrompt = `Above is the beginning of a chat. Write a title for it: three to seven words, in the language of the chat,
without quotation marks and without a full stop. Write the title and nothing else.`

/** How much of a chat is sent for a title. */
const maxTitleInputLength = 4000 // UTF-16 code units

/** Fraction of the context window that the chat to summarise may fill. */
const summaryWindowFraction = 0.7
/** A low estimate of the length of a token, in UTF-16 code units. */
const codeUnitsPerToken = 3

/**
 * Creates a text generator that uses an agent. The chat is sent as one text, because some providers reject tool calls in
 * a request without tools. A chat that exceeds the context window, in tokens, loses its beginning.
 */
export function createModelSummaryGenerator(agent: Agent, contextWindow: number): SummaryAndTitleGenerator {
  return {
    generateSummary: (request) => {
      const transcript = formatTranscript(request.messages)
      const composePrompt = (window = contextWindow): string => {
        const maxLength = Math.floor(window * summaryWindowFraction * codeUnitsPerToken)
        return `${keepEnd(transcript, maxLength)}\n\n---\n\n${summaryPrompt}`
      }
      return generate(agent, request, composePrompt)
    },
    generateTitle: (request) => {
      const beginning = keepBeginning(formatTranscript(request.messages), maxTitleInputLength)
      return generate(agent, request, () => `${beginning}\n\n---\n\n${titlePrompt}`)
    },
  }
}

function keepBeginning(text: string, maxLength: number): string {
  return text.slice(0, findGraphemeStart(text, maxLength))
}

function keepEnd(text: string, maxLength: number): string {
  return text.length <= maxLength
    ? text
    : `[The beginning is left out.]\n\n${text.slice(findGraphemeStart(text, text.length - maxLength))}`
}

/** `composePrompt` is given the context window if it is smaller than expected. */
async function generate(
  agent: Agent,
  { model, signal }: GenerateTextRequest,
  composePrompt: (contextWindow?: number) => string,
): Promise<GeneratedText> {
  let text = ''
  const usageMeter = new TextGenerationUsageMeter()
  const events = agent.answer({
    model,
    loadHistory: async (history) => [{ role: 'user', content: composePrompt(history?.contextWindow).toWellFormed() }],
    waitForPermission: async () => null,
    askUser: async () => ({ type: 'cancelled' }),
    isToolGranted: async () => false,
    // A file is no part of the text.
    storeFile: async (bytes) => hash('sha256', bytes),
    signal,
  })
  for await (const event of events) {
    if (event.type === 'text') text += event.text
    if (event.type === 'text-was-reasoning') text = ''
    usageMeter.add(event)
  }
  if (signal.aborted) throw new AgentError('PROVIDER', 'The text generation was aborted.')
  return { text, usage: usageMeter.finish() }
}

/** Formats a chat as plain text. */
export function formatTranscript(messages: readonly ModelMessage[]): string {
  return messages.flatMap(toParagraphs).join('\n\n')
}

function toParagraphs({ role, content }: ModelMessage): string[] {
  const speaker = { user: 'User', assistant: 'Assistant', tool: 'Result', system: 'Note' }[role]
  const parts = typeof content === 'string' ? [{ type: 'text', text: content } as const] : content
  return parts.flatMap((part) => {
    switch (part.type) {
      case 'text':
        return `${speaker}: ${part.text}`
      case 'tool-call':
        return `${speaker} calls ${part.toolName}: ${JSON.stringify(part.input)}`
      case 'tool-result':
        return `${speaker} of ${part.toolName}: ${toolOutputToText(part.output)}`
      case 'file':
      case 'image':
        return `${speaker} sends a file (${part.mediaType ?? 'of an unknown type'}).`
      default:
        return []
    }
  })
}
