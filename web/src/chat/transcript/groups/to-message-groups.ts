import type { LiveChatMessage } from 'segue-client/react'

/** A message with those that joined it while it was made, if it is an answer. */
export interface TranscriptItem {
  readonly message: LiveChatMessage
  readonly steered: readonly LiveChatMessage[]
  /** A user's message whose stream has ended, or runs, without an answer so far. */
  readonly isUnanswered: boolean
}

/** Messages that are rendered, and left out, together. Groups whose messages have not changed are the same objects. */
export interface MessageGroups {
  /** The message from which groups are counted, so that earlier ones that come in move no other to another group. */
  readonly originId: string | null
  /** The first message when the chat was opened. Those before it are in groups of their own: no group that is shown grows upwards. */
  readonly beginningId: string | null
  readonly groups: readonly MessageGroup[]
}

export interface MessageGroup {
  /** Its number, counted from the origin: negative before it. */
  readonly number: number
  readonly items: readonly TranscriptItem[]
}

const groupSize = 2 // items, such as a question and its answer: they are rendered in one task

export const noMessageGroups: MessageGroups = { originId: null, beginningId: null, groups: [] }

/** Groups the messages of a chat. What is as in `previous` is taken from there. */
export function toMessageGroups(previous: MessageGroups, messages: readonly LiveChatMessage[]): MessageGroups {
  const items = toItems(messages)
  const findIndex = (id: string | null): number => items.findIndex(({ message }) => message.id === id)
  const knownOrigin = findIndex(previous.originId)
  // The last group is what a chat that opens shows first: it begins with the last question.
  const origin = knownOrigin >= 0 ? knownOrigin : Math.max(0, items.length - groupSize) % groupSize
  const beginning = Math.max(0, knownOrigin >= 0 ? findIndex(previous.beginningId) : 0)
  const known = new Map((knownOrigin < 0 ? [] : previous.groups).map((group) => [group.number, group]))
  const grouped = Map.groupBy(items, (_, index) => findGroupNumber(index, origin, beginning))
  return {
    originId: items[origin]?.message.id ?? null,
    beginningId: items[beginning]?.message.id ?? null,
    groups: [...grouped].map(([number, members]) => reuseGroup(known.get(number), number, members)),
  }
}

/** From the origin on, groups have the same size. What was before it when the chat was opened is one group. */
function findGroupNumber(index: number, origin: number, beginning: number): number {
  if (index >= origin) return Math.floor((index - origin) / groupSize)
  if (index >= beginning) return -1
  return Math.floor((index - beginning) / groupSize) - (origin > beginning ? 1 : 0)
}

function reuseGroup(known: MessageGroup | undefined, number: number, items: readonly TranscriptItem[]): MessageGroup {
  const reused = items.map((item, index) => {
    const before = known?.items[index]
    return before && isSameItem(before, item) ? before : item
  })
  const isSame = known?.items.length === items.length && reused.every((item, index) => item === known.items[index])
  return isSame ? known : { number, items: reused }
}

function isSameItem(a: TranscriptItem, b: TranscriptItem): boolean {
  return (
    a.message === b.message &&
    a.isUnanswered === b.isUnanswered &&
    a.steered.length === b.steered.length &&
    a.steered.every((message, index) => message === b.steered[index])
  )
}

/** A message that joined an answer is shown within it: in the list, it stands right before it. */
function toItems(messages: readonly LiveChatMessage[]): TranscriptItem[] {
  const answeredStreams = new Set(messages.flatMap(({ role, streamId }) => (role === 'ASSISTANT' ? [streamId] : [])))
  const toItem = (message: LiveChatMessage, joined = noMessages): TranscriptItem => ({
    message,
    steered: joined,
    isUnanswered: message.role === 'USER' && !answeredStreams.has(message.streamId),
  })
  const items: TranscriptItem[] = []
  let steered: LiveChatMessage[] = []
  for (const message of messages) {
    if (message.steering?.state === 'APPLIED') {
      steered.push(message)
      continue
    }
    const isAnswer = message.role === 'ASSISTANT'
    if (!isAnswer) items.push(...steered.map((each) => toItem(each)))
    items.push(toItem(message, isAnswer ? steered : noMessages))
    steered = []
  }
  return [...items, ...steered.map((each) => toItem(each))]
}

const noMessages: readonly LiveChatMessage[] = []

/** Whether a message is in a group. */
export function hasMessage({ items }: MessageGroup, id: string | null): boolean {
  return items.some(({ message, steered }) => message.id === id || steered.some((each) => each.id === id))
}
