import type { ModelMessage } from 'ai'
import type { Writer } from '../agent.ts'
import { estimateTokens } from '../estimate-tokens.ts'
import { toldAsText } from '../text-generation/model-text-generator.ts'

const longestLine = 200 // UTF-16 code units
const mostLines = 40

/** Writes about chats without understanding them: a summary is what was said, cut short; a title of its own it has none. */
export const offlineWriter: Writer = {
  async summarise({ messages }) {
    const lines = messages.flatMap((message) => linesOf(message))
    const left = lines.length - mostLines
    const text = [...(left > 0 ? [`${left} earlier messages are left out.`] : []), ...lines.slice(-mostLines)].join(
      '\n',
    )
    const usage = {
      estimated: true,
      inputTokens: estimateTokens(toldAsText(messages).length),
      outputTokens: estimateTokens(text.length),
      reasoningTokens: 0,
      cachedInputTokens: 0,
    }
    return { text, usage }
  },
  entitle: async () => null,
}

function linesOf(message: ModelMessage): string[] {
  const text = toldAsText([message]).replace(/\s+/g, ' ').trim()
  if (text === '') return []
  const cut = text.slice(0, longestLine - 1).replace(/[\ud800-\udbff]$/, '')
  return [text.length <= longestLine ? text : `${cut}…`]
}
