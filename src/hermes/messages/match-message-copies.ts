import { alignByLongestCommonSubsequence } from '../../lib/longest-common-subsequence.ts'
import type { HermesComparableTexts, HermesMessageOutlineRow } from './message-outline-row.ts'

/** A message that the model had before a compaction, or a part of one. */
export interface LiveHermesMessage {
  /** A copy with any of these keys is a copy of this message. */
  readonly keys: readonly string[]
  readonly text: string
  readonly role: string | null
  /** The shown rows that it stands for: several if Hermes has merged them. */
  readonly rows: readonly HermesMessageOutlineRow[]
  /** The shown rows that a summary in it stands for. */
  readonly summarizedRows: readonly HermesMessageOutlineRow[]
}

/** What Hermes leaves of an assistant's message without text, if it drops the results of its calls. */
export const removedToolCallText = '(tool call removed)'

/** The keys that an original is found by. */
export function toOriginalKeys(row: HermesMessageOutlineRow, texts: HermesComparableTexts | undefined): string[] {
  const callKeys = toCallKeys(row)
  const textKeys = [texts?.text ?? '', ...(texts?.sentText ? [texts.sentText] : [])].map((text) => toTextKey(row, text))
  if (row.role === 'tool' || callKeys.length === 0) return row.role === 'tool' ? callKeys : textKeys
  // Its copies may have lost their calls.
  return [...callKeys, toTextKey(row, texts?.text || removedToolCallText)]
}

/** The keys by which a copy finds its original. */
export function toCopyKeys(row: HermesMessageOutlineRow, texts: HermesComparableTexts | undefined): string[] {
  const callKeys = toCallKeys(row)
  return row.role === 'tool' || callKeys.length > 0 ? callKeys : [toTextKey(row, texts?.text ?? '')]
}

/** For each row of a batch, by its keys, the index of the message that it is a copy of; null if it is none. */
export function matchCopies(
  live: readonly LiveHermesMessage[],
  copies: readonly (readonly string[])[],
): (number | null)[] {
  return alignByLongestCommonSubsequence(
    live.map(({ keys }) => keys),
    copies,
  )
}

/**
 * The consecutive messages of one role whose texts, one after another, are this text: Hermes merges such neighbours when it
 * resumes a session. Null if there are none.
 */
export function findMergedMessages(
  live: readonly LiveHermesMessage[],
  { role }: HermesMessageOutlineRow,
  text: string,
): readonly LiveHermesMessage[] | null {
  for (let start = live.length - 2; start >= 0; start -= 1) {
    let [rest, end] = [text, start]
    for (
      let next = live[end];
      next?.role === role && next.text !== '' && rest.startsWith(next.text);
      next = live[end]
    ) {
      rest = rest.slice(next.text.length).trimStart()
      end += 1
    }
    if (rest === '' && end - start > 1) return live.slice(start, end)
  }
  return null
}

function toCallKeys({ role, toolCallId, callIds }: HermesMessageOutlineRow): string[] {
  if (role === 'tool') return toolCallId === null ? [] : [`result ${toolCallId}`]
  return callIds.flat().map((id) => `call ${id}`)
}

function toTextKey({ role }: HermesMessageOutlineRow, text: string): string {
  return `${role} text ${text}`
}
