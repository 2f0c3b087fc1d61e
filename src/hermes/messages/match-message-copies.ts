import { findIndexOrEnd } from '../../lib/find-index-or-end.ts'
import { alignByLongestCommonSubsequence } from '../../lib/longest-common-subsequence.ts'
import { type HermesComparableTexts, type HermesMessageOutlineRow, isHermesSummaryRow } from './message-outline-row.ts'

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

/** A row that a compaction has inserted, as it is compared. */
export interface CopyCandidate {
  readonly keys: readonly string[]
  readonly role: string | null
  readonly isSummary: boolean
}

/**
 * For each row of a batch, the index of the message that it is a copy of; null if it is none. The rows before the summary are
 * copies of the first messages, those from `tailStart` on are copies of the last ones and then, if the compaction came before
 * a turn, the user's new message. Where messages are equal to others, only that tells them apart. A longest common subsequence
 * finds what Hermes has changed or left out.
 */
function matchCopies(
  live: readonly LiveHermesMessage[],
  copies: readonly CopyCandidate[],
  { summaryIndex, tailStart }: { readonly summaryIndex: number; readonly tailStart: number },
): (number | null)[] {
  const tailLength = findTailLength(live, copies.slice(tailStart))
  const tailLiveStart = live.length - tailLength
  const isNoHead = (copy: CopyCandidate, index: number): boolean =>
    index >= Math.min(summaryIndex, tailLiveStart) || !isCopy(live[index], copy)
  const headLength = findIndexOrEnd(copies, isNoHead)
  const middleEnd = tailLength > 0 ? tailStart : copies.length
  const middle = alignByLongestCommonSubsequence(
    live.slice(headLength, tailLiveStart).map(({ keys }) => keys),
    copies.slice(headLength, middleEnd).map(({ keys }) => keys),
  )
  return copies.map((_, index) => {
    if (index < headLength) return index
    const partner = middle[index - headLength] ?? null
    if (index < middleEnd) return partner === null ? null : headLength + partner
    return index < middleEnd + tailLength ? tailLiveStart + index - middleEnd : null
  })
}

/**
 * The same where Hermes has inserted the user's last message again, anywhere between the copies, because none of them is one of
 * the user's, or only one with a summary. At the end, it would be a new message.
 */
export function matchCopiesAndAnchor(
  live: readonly LiveHermesMessage[],
  copies: readonly CopyCandidate[],
  structure: { readonly summaryIndex: number; readonly tailStart: number },
): (number | null)[] {
  const partners = matchCopies(live, copies, structure)
  const anchorIndex = copies.findIndex(({ role, isSummary }) => role === 'user' && !isSummary)
  const anchor = copies[anchorIndex]
  const original = live.findLastIndex(({ role, rows }) => role === 'user' && !rows.every(isHermesSummaryRow))
  const isOnlyOne = copies.findLastIndex(({ role, isSummary }) => role === 'user' && !isSummary) === anchorIndex
  if (!anchor || !isOnlyOne || anchorIndex === copies.length - 1 || !isCopy(live[original], anchor)) return partners
  if (partners[anchorIndex] !== null && partners.filter((partner) => partner === null).length <= 1) return partners
  const { summaryIndex, tailStart } = structure
  const others = matchCopies(live, copies.toSpliced(anchorIndex, 1), {
    summaryIndex: summaryIndex - (anchorIndex < summaryIndex ? 1 : 0),
    tailStart: tailStart - (anchorIndex < tailStart ? 1 : 0),
  })
  return others.toSpliced(anchorIndex, 0, original)
}

/** How many of these rows are copies of the last messages. 0 if others follow than one message of the user. */
function findTailLength(live: readonly LiveHermesMessage[], copies: readonly CopyCandidate[]): number {
  const isTail = (length: number): boolean =>
    length <= live.length && copies.slice(0, length).every((copy, index) => isCopy(live.at(index - length), copy))
  if (isTail(copies.length)) return copies.length
  return copies.at(-1)?.role === 'user' && isTail(copies.length - 1) ? copies.length - 1 : 0
}

function isCopy(message: LiveHermesMessage | undefined, { keys }: CopyCandidate): boolean {
  return message?.keys.some((key) => keys.includes(key)) === true
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
