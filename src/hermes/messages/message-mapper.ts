import type { Json, MessagePart, MessageRecord, ToolCall } from '../../model/records.ts'
import { codexParts, contentOf, contentParts } from './message-content.ts'
import { parseJson } from '../../lib/json.ts'
import { roleOf } from './message-outline.ts'
import type { Entry } from './message-outline.ts'
import { storedCalls } from './parse-tool-calls.ts'
import { millisOf, textOf } from '../state/cell-values.ts'

export const messageColumns = [
  'id',
  'role',
  'content',
  'tool_call_id',
  'tool_calls',
  'tool_name',
  'timestamp',
  'finish_reason',
  'reasoning',
  'reasoning_content',
  'codex_message_items',
] as const

export interface MessageRow extends Record<(typeof messageColumns)[number], unknown> {
  readonly id: number
}

/** What Hermes itself counts as an answer that went wrong. */
const failures = new Set<unknown>(['error', 'agent_error', 'content_filter'])

/** A row of messages with the rows of its calls' results, in the order of the calls, as a message. */
export function messageOf(
  sessionId: string,
  entry: Entry,
  row: MessageRow,
  results: readonly (MessageRow | null)[],
): MessageRecord {
  const id = `${sessionId}:${entry.id}`
  return {
    id,
    sessionId,
    position: entry.position,
    withdrawn: false,
    role: roleOf(textOf(row.role)),
    status: failures.has(row.finish_reason) ? 'PARTIAL' : 'COMPLETE',
    parts: row.role === 'tool' ? [strayResult(id, row)] : partsOf(id, row, results),
    createdAt: millisOf(row.timestamp) ?? 0,
    streamId: null,
    model: null,
    usage: null,
  }
}

/** What a row says, its reasoning and its calls aside. */
export function saidParts(row: Pick<MessageRow, 'role' | 'content' | 'codex_message_items'>): MessagePart[] {
  const content = contentParts(contentOf(row.content))
  return content.length > 0 || row.role !== 'assistant' ? content : codexParts(row.codex_message_items)
}

function partsOf(id: string, row: MessageRow, results: readonly (MessageRow | null)[]): MessagePart[] {
  const content = saidParts(row)
  if (row.role !== 'assistant') return content
  const reasoning = textOf(row.reasoning_content) || textOf(row.reasoning)
  return [
    ...(reasoning ? [{ type: 'reasoning', text: reasoning } as const] : []),
    ...content,
    ...storedCalls(row.tool_calls).map((call, index): MessagePart => {
      const result = results[index] ?? null
      return {
        type: 'tool',
        call: {
          ...toolCall(`${id}:${index}`, result),
          providerId: call.id,
          name: call.name,
          argumentsText: call.argumentsText,
          startedAt: millisOf(row.timestamp),
        },
      }
    }),
  ]
}

/** A result whose call is not in the session, shown as a call of which nothing else is known. */
function strayResult(id: string, row: MessageRow): MessagePart {
  return {
    type: 'tool',
    call: {
      ...toolCall(`${id}:0`, row),
      providerId: textOf(row.tool_call_id),
      name: textOf(row.tool_name) || 'unknown',
      argumentsText: '{}',
      startedAt: null,
    },
  }
}

type Outcome = Omit<ToolCall, 'providerId' | 'name' | 'argumentsText' | 'startedAt'>

function toolCall(id: string, result: MessageRow | null): Outcome {
  return {
    id,
    argumentsWhole: true,
    state: result ? 'SUCCEEDED' : 'OUTCOME_UNKNOWN',
    result: result && resultOf(result.content),
    error: null,
    finishedAt: result && millisOf(result.timestamp),
  }
}

function resultOf(stored: unknown): Json {
  const content = contentOf(stored)
  if (typeof content !== 'string') return content
  return parseJson(content) ?? content
}
