import { type Json, parseJson } from '../../lib/json.ts'
import type { MessagePart, MessageRecord, ToolCall } from '../../model/message.ts'
import { codexItemsToParts, decodeContent, contentToParts } from './message-content.ts'
import { toRole, type MessageEntry } from './message-outline.ts'
import { parseToolCalls } from './parse-tool-calls.ts'
import { secondsToMillis, toText } from '../state/cell-values.ts'

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

export interface HermesMessageRow extends Record<(typeof messageColumns)[number], unknown> {
  readonly id: number
}

/** What Hermes itself counts as an answer that went wrong. */
const failedFinishReasons = new Set<unknown>(['error', 'agent_error', 'content_filter'])

/** A row of messages with the rows of its calls' results, in the order of the calls, as a message. */
export function messageFromRows(
  sessionId: string,
  entry: MessageEntry,
  row: HermesMessageRow,
  results: readonly (HermesMessageRow | null)[],
): MessageRecord {
  const id = `${sessionId}:${entry.id}`
  return {
    id,
    sessionId,
    position: entry.position,
    withdrawn: false,
    role: toRole(toText(row.role)),
    status: failedFinishReasons.has(row.finish_reason) ? 'PARTIAL' : 'COMPLETE',
    parts: row.role === 'tool' ? [toOrphanedResultPart(id, row)] : toMessageParts(id, row, results),
    createdAt: secondsToMillis(row.timestamp) ?? 0,
    streamId: null,
    model: null,
    usage: null,
  }
}

/** What a row says, its reasoning and its calls aside. */
export function rowToContentParts(
  row: Pick<HermesMessageRow, 'role' | 'content' | 'codex_message_items'>,
): MessagePart[] {
  const content = contentToParts(decodeContent(row.content))
  return content.length > 0 || row.role !== 'assistant' ? content : codexItemsToParts(row.codex_message_items)
}

function toMessageParts(
  id: string,
  row: HermesMessageRow,
  results: readonly (HermesMessageRow | null)[],
): MessagePart[] {
  const content = rowToContentParts(row)
  if (row.role !== 'assistant') return content
  const reasoning = toText(row.reasoning_content) || toText(row.reasoning)
  return [
    ...(reasoning ? [{ type: 'reasoning', text: reasoning } as const] : []),
    ...content,
    ...parseToolCalls(row.tool_calls).map((call, index): MessagePart => {
      const result = results[index] ?? null
      return {
        type: 'tool',
        call: {
          ...toToolCallOutcome(`${id}:${index}`, result),
          providerId: call.id,
          name: call.name,
          argumentsText: call.argumentsText,
          startedAt: secondsToMillis(row.timestamp),
        },
      }
    }),
  ]
}

/** A result whose call is not in the session, shown as a call of which nothing else is known. */
function toOrphanedResultPart(id: string, row: HermesMessageRow): MessagePart {
  return {
    type: 'tool',
    call: {
      ...toToolCallOutcome(`${id}:0`, row),
      providerId: toText(row.tool_call_id),
      name: toText(row.tool_name) || 'unknown',
      argumentsText: '{}',
      startedAt: null,
    },
  }
}

type ToolCallOutcome = Omit<ToolCall, 'providerId' | 'name' | 'argumentsText' | 'startedAt'>

function toToolCallOutcome(id: string, result: HermesMessageRow | null): ToolCallOutcome {
  return {
    id,
    argumentsWhole: true,
    state: result ? 'SUCCEEDED' : 'OUTCOME_UNKNOWN',
    result: result && decodeResult(result.content),
    error: null,
    finishedAt: result && secondsToMillis(result.timestamp),
  }
}

function decodeResult(stored: unknown): Json {
  const content = decodeContent(stored)
  if (typeof content !== 'string') return content
  return parseJson(content) ?? content
}
