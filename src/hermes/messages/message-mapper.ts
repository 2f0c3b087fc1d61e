import { type Json, parseJson } from '../../lib/text/json.ts'
import type { MessagePart, MessageRecord, Role, ToolCall } from '../../model/message.ts'
import { hermesCodexToParts, decodeHermesMessageContent, hermesContentToParts } from './message-content.ts'
import type { HermesContentSection, HermesMessageRowIds } from './message-outline-row.ts'
import { splitMergedHermesSummary } from './compaction-text.ts'
import { parseHermesToolCalls } from './parse-hermes-tool-calls.ts'
import { millisecondsFromHermesCell, textFromHermesCell } from '../state/cell-values.ts'

/** What is read of a row to show it. */
export const hermesMessageColumns = [
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

/** A row of messages, as stored. */
export interface HermesMessageRow extends Record<(typeof hermesMessageColumns)[number], unknown> {
  readonly id: number
}

/** The finish reasons that Hermes treats as failures. */
const failedFinishReasons = new Set<unknown>(['error', 'agent_error', 'content_filter'])

/** A message from its row and the rows of its tool results, in the order of the calls. */
export function messageFromHermesRows(
  sessionId: string,
  entry: HermesMessageRowIds,
  row: HermesMessageRow,
  results: readonly (HermesMessageRow | null)[],
): MessageRecord {
  const id = `${sessionId}:${entry.id}`
  return {
    id,
    sessionId,
    position: entry.position,
    withdrawn: false,
    ...(entry.isSummary && { kind: 'SUMMARY' }),
    role: roleFromHermesRow(textFromHermesCell(row.role)),
    status: failedFinishReasons.has(row.finish_reason) ? 'PARTIAL' : 'COMPLETE',
    parts: row.role === 'tool' ? [toOrphanedResultPart(id, row)] : toMessageParts(id, row, entry.section, results),
    createdAt: millisecondsFromHermesCell(row.timestamp) ?? 0,
    streamId: null,
    model: null,
    usage: null,
  }
}

/** The texts and files of a section of a row, without reasoning and tool calls. */
export function hermesRowToParts(
  row: Pick<HermesMessageRow, 'role' | 'content' | 'codex_message_items'>,
  section: HermesContentSection,
): MessagePart[] {
  const content = hermesContentToParts(decodeHermesMessageContent(row.content))
  if (content.length === 0 && row.role === 'assistant') return hermesCodexToParts(row.codex_message_items)
  const merged = splitMergedHermesSummary(content)
  if (!merged) return content
  if (section !== 'whole') return merged[section]
  const separator: MessagePart[] = merged.ownText.length > 0 ? [{ type: 'text', text: '\n\n' }] : []
  return [...merged.ownText, ...separator, ...merged.summary]
}

function toMessageParts(
  id: string,
  row: HermesMessageRow,
  section: HermesContentSection,
  results: readonly (HermesMessageRow | null)[],
): MessagePart[] {
  const content = hermesRowToParts(row, section)
  if (row.role !== 'assistant' || section === 'summary') return content
  const reasoning = textFromHermesCell(row.reasoning_content) || textFromHermesCell(row.reasoning)
  return [
    ...(reasoning ? [{ type: 'reasoning', text: reasoning } as const] : []),
    ...content,
    ...parseHermesToolCalls(row.tool_calls).map((call, index): MessagePart => {
      const result = results[index] ?? null
      return {
        type: 'tool',
        call: {
          ...toToolCallOutcome(`${id}:${index}`, result),
          providerId: call.id,
          name: call.name,
          argumentsText: call.argumentsText,
          startedAt: millisecondsFromHermesCell(row.timestamp),
        },
      }
    }),
  ]
}

/** A result whose call is not in the session, as a call with nothing but a result. */
function toOrphanedResultPart(id: string, row: HermesMessageRow): MessagePart {
  return {
    type: 'tool',
    call: {
      ...toToolCallOutcome(`${id}:0`, row),
      providerId: textFromHermesCell(row.tool_call_id),
      name: textFromHermesCell(row.tool_name) || 'unknown',
      argumentsText: '{}',
      startedAt: null,
    },
  }
}

function roleFromHermesRow(role: string | null): Role {
  if (role === 'user') return 'USER'
  return role === 'system' ? 'SYSTEM' : 'ASSISTANT'
}

type ToolCallOutcome = Omit<ToolCall, 'providerId' | 'name' | 'argumentsText' | 'startedAt'>

function toToolCallOutcome(id: string, result: HermesMessageRow | null): ToolCallOutcome {
  return {
    id,
    argumentsWhole: true,
    state: result ? 'SUCCEEDED' : 'OUTCOME_UNKNOWN',
    result: result && decodeResult(result.content),
    error: null,
    finishedAt: result && millisecondsFromHermesCell(result.timestamp),
  }
}

function decodeResult(stored: unknown): Json {
  const content = decodeHermesMessageContent(stored)
  if (typeof content !== 'string') return content
  return parseJson(content) ?? content
}
