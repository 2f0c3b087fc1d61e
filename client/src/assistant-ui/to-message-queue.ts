import type { AppendMessage, ExternalStoreAdapter } from '@assistant-ui/react'
import type { LiveChat } from '../live-chat/live-chat.ts'
import type { OutgoingMessage } from '../live-chat/start/live-chat-options.ts'
import { getMessageText, type LiveChatMessage } from '../live-chat/live-chat-message.ts'
import type { LiveChatState } from '../live-chat/live-chat-state.ts'
import type { SegueClient } from '../segue-client.ts'
import { toModelChoice, toOutgoingMessage } from './to-outgoing-message.ts'

type MessageQueue = NonNullable<ExternalStoreAdapter['queue']>
type QueueItem = MessageQueue['items'][number]
type QueuePlacement = Parameters<MessageQueue['move']>[1]

/**
 * What waits in a chat, as assistant-ui's queue: messages that wait for their turn, by the ids of their streams, and those that
 * wait to join the answer, by their own. What the server refuses is the error of the chat.
 */
export function toMessageQueue(
  client: SegueClient,
  chat: LiveChat,
  { queue, steering }: Pick<LiveChatState, 'queue' | 'steering'>,
): MessageQueue {
  const send = (message: AppendMessage, ifBusy: NonNullable<OutgoingMessage['ifBusy']>): Promise<void> =>
    chat.send({ ...toOutgoingMessage(message, client), ...toModelChoice(message), ifBusy })
  const isSteering = (id: string): boolean => steering.some((message) => message.id === id)
  return {
    items: queue.map(({ stream, message }) => toQueueItem(stream.id, message, client)),
    steerItems: steering.map((message) => toQueueItem(message.id, message, client)),
    enqueue: (message) => leaveToChat(send(message, 'QUEUE')),
    steer: (message) => leaveToChat(send(message, 'STEER')),
    move: (id, placement) => {
      // The order of messages that join the answer is that in which they were sent.
      if (isSteering(id)) return
      if (placement.lane === 'steer') return leaveToChat(chat.sendQueued(id))
      const before = findNextItem(
        queue.map(({ stream }) => stream.id).filter((other) => other !== id),
        placement,
      )
      if (before !== undefined) leaveToChat(chat.moveQueued(id, before))
    },
    edit: (id, message) => {
      const changes = toOutgoingMessage(message, client)
      if (isSteering(id)) leaveToChat(chat.withdraw(id).then(() => send(message, 'STEER')))
      else leaveToChat(chat.updateQueued(id, changes))
    },
    remove: (id) => leaveToChat(isSteering(id) ? chat.withdraw(id) : chat.cancelQueued(id)),
  }
}

function toQueueItem(id: string, message: LiveChatMessage, client: Pick<SegueClient, 'fileUrl'>): QueueItem {
  const parts = message.parts.flatMap((part): QueueItem['parts'][number][] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text }]
    if (part.type !== 'file') return []
    const { mediaType: mimeType, name, url } = part
    return [{ type: 'file', data: client.fileUrl(url), mimeType, ...(name !== null && { filename: name }) }]
  })
  return { id, prompt: getMessageText(message), parts }
}

/** The item before which a placement puts another one; null at the end, undefined where it says nothing. */
function findNextItem(
  others: readonly string[],
  { insertAfter, insertBefore }: QueuePlacement,
): string | null | undefined {
  if (insertBefore !== undefined) return insertBefore
  if (insertAfter === null) return others[0] ?? null
  const index = insertAfter === undefined ? -1 : others.indexOf(insertAfter)
  return index < 0 ? undefined : (others[index + 1] ?? null)
}

function leaveToChat(action: Promise<unknown>): void {
  action.catch(() => undefined)
}
