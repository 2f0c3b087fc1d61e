import type { ModelMessage } from 'ai'
import { z } from 'zod'

/** What OpenAI's chat completions would refuse in these messages, as sentences; none when all is well. */
export function openaiProblems(messages: readonly ModelMessage[]): string[] {
  const problems = loneHalves(messages)
  for (const [index, message] of messages.entries()) {
    const at = `message ${index} (${message.role})`
    const next = messages[index + 1]
    switch (message.role) {
      case 'system':
        problems.push(`${at}: nothing here makes one`)
        break
      case 'user':
        if (message.content.length === 0) problems.push(`${at} is empty`)
        break
      case 'assistant': {
        if (message.content.length === 0) problems.push(`${at} is empty`)
        const ids: string[] = []
        for (const part of typeof message.content === 'string' ? [] : message.content) {
          if (part.type !== 'text' && part.type !== 'tool-call') problems.push(`${at} has a part of type ${part.type}`)
          if (part.type !== 'tool-call') continue
          ids.push(part.toolCallId)
          if (!/^[a-zA-Z0-9_-]{1,64}$/.test(part.toolCallId)) problems.push(`${at} has the id ${part.toolCallId}`)
          if (!/^[a-zA-Z0-9_-]{1,64}$/.test(part.toolName))
            problems.push(`${at} calls ${JSON.stringify(part.toolName)}`)
          if (!isPlainObject(part.input)) problems.push(`${at} has arguments that are no object`)
        }
        if (new Set(ids).size < ids.length) problems.push(`${at} has a call id twice`)
        const answered = next?.role === 'tool' ? resultIds(next) : []
        if (String(answered) !== String(ids)) problems.push(`${at} calls ${ids} and is answered for ${answered}`)
        break
      }
      case 'tool':
        if (messages[index - 1]?.role !== 'assistant') problems.push(`${at} answers no assistant`)
        if (message.content.length === 0) problems.push(`${at} is empty`)
        break
    }
  }
  return problems
}

function resultIds(message: Extract<ModelMessage, { role: 'tool' }>): string[] {
  return message.content.flatMap((part) => (part.type === 'tool-result' ? [part.toolCallId] : []))
}

const visible = z.string().refine((text) => /[^\s\p{Cc}]/u.test(text), 'a text must not be blank')
const id = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/)
const textBlock = z.looseObject({ type: z.literal('text'), text: visible })
const resultBlock = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: id,
  is_error: z.boolean().optional(),
  content: z.union([z.string(), z.array(textBlock)]).optional(),
})
const useBlock = z.looseObject({
  type: z.literal('tool_use'),
  id,
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  input: z.record(z.string(), z.json()),
})
const turn = z.discriminatedUnion('role', [
  z.looseObject({ role: z.literal('user'), content: z.array(z.union([textBlock, resultBlock])).min(1) }),
  z.looseObject({ role: z.literal('assistant'), content: z.array(z.union([textBlock, useBlock])).min(1) }),
])
const messagesRequest = z.looseObject({ messages: z.array(turn).min(1) })

/** What Anthropic's Messages API would refuse in the body of a request, as sentences; none when all is well. */
export function anthropicProblems(body: unknown): string[] {
  const parsed = messagesRequest.safeParse(body)
  if (!parsed.success) return [z.prettifyError(parsed.error)]
  const problems = loneHalves(body)
  const { messages } = parsed.data
  if (messages[0]?.role !== 'user') problems.push('the first message is not of the user')
  const last = messages.at(-1)
  if (last?.role !== 'user') problems.push('the last message is not of the user')
  const all = new Set<string>()
  let awaited: string[] = []
  for (const [index, message] of messages.entries()) {
    const at = `message ${index} (${message.role})`
    if (messages[index - 1]?.role === message.role) problems.push(`${at} follows one of the same role`)
    if (message.role === 'user') {
      const types = message.content.map(({ type }) => type)
      const results = message.content.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []))
      if (types.lastIndexOf('tool_result') >= results.length) problems.push(`${at} has a result behind a text`)
      if (String(results.toSorted()) !== String(awaited.toSorted())) {
        problems.push(`${at} answers ${results} where ${awaited} are awaited`)
      }
      awaited = []
    } else {
      awaited = message.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
      for (const used of awaited) {
        if (all.has(used)) problems.push(`${at} has the id ${used} again`)
        all.add(used)
      }
    }
  }
  if (awaited.length > 0) problems.push(`nothing answers ${awaited}`)
  return problems
}

/** JSON's escapes let half a pair through; both providers refuse it. */
function loneHalves(value: unknown): string[] {
  const text = JSON.stringify(value)
  return /\\ud[89a-f]/i.test(text.replaceAll('\\\\', '')) ? ['there is half a surrogate pair'] : []
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
