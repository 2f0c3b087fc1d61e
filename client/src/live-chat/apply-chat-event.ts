import type { ChatEvent, MessageSteered, StreamChanged, StreamFinished } from '../model/chat-event.ts'
import { createLiveChatMessage, foldLiveChatMessage, hasToolCall, toMessageStream } from './fold-live-chat-message.ts'
import type { LiveChatMessage } from './live-chat-message.ts'
import type { LiveChatState } from './live-chat-state.ts'

/**
 * The chat after one more event of its session. `StreamReset` and `SessionContinued` change nothing: what is shown has to
 * be read again.
 */
export function applyChatEvent(chat: LiveChatState, event: ChatEvent): LiveChatState {
  switch (event.type) {
    case 'StreamStarted': {
      const { stream } = event
      const message = { ...createLiveChatMessage(event.userMessage), stream: toMessageStream(event) }
      const queue = chat.queue.filter((queued) => queued.stream.id !== stream.id)
      return event.status === 'QUEUED'
        ? { ...chat, queue: [...queue, { stream, message }] }
        : { ...chat, queue, messages: addMessage(chat.messages, message), activeStream: stream }
    }
    case 'StreamChanged':
      return event.status === 'QUEUED'
        ? changeQueued(chat, event)
        : { ...beginTurn(chat, event), activeStream: event.stream }
    case 'QueueChanged':
      return { ...chat, queue: sortQueue(chat.queue, event.streamIds) }
    case 'MessageSteered':
      return steerAnswer(chat, event)
    case 'StreamFinished':
      return finishStream(beginTurn(chat, event), event)
    case 'SessionChanged': {
      const { title, model, effort, compacting, context } = event.session
      return { ...chat, title, model, effort, compacting, context }
    }
    case 'SessionContinued':
    case 'StreamReset':
    case 'StepFinished':
      return chat
    case 'ApprovalChanged':
      return changeMessage(chat, event, (message) => hasToolCall(message, event.approval.toolCall.id))
    case 'ClarificationChanged':
      return changeMessage(chat, event, (message) => hasToolCall(message, event.clarification.toolCall.id))
    default:
      return changeMessage(chat, event, ({ id }) => id === event.messageId)
  }
}

/** Folds the event into the newest message that matches; if there is none, into a new one. */
function changeMessage(
  chat: LiveChatState,
  event: ChatEvent,
  matches: (message: LiveChatMessage) => boolean,
): LiveChatState {
  const index = chat.messages.findLastIndex(matches)
  const before = chat.messages[index] ?? null
  const after = foldLiveChatMessage(before, event)
  if (after === null || after === before) return chat
  return { ...chat, messages: before ? chat.messages.with(index, after) : [...chat.messages, after] }
}

/** The message of a queued stream was edited. */
function changeQueued(chat: LiveChatState, { stream, userMessage }: StreamChanged): LiveChatState {
  const queue = chat.queue.map((queued) =>
    queued.stream.id === stream.id ? { stream, message: { ...queued.message, ...userMessage } } : queued,
  )
  return { ...chat, queue }
}

/** Queued messages in the order of the ids of their streams. */
function sortQueue(queue: LiveChatState['queue'], streamIds: readonly string[]): LiveChatState['queue'] {
  const queued = new Map(queue.map((each) => [each.stream.id, each]))
  return streamIds.flatMap((id) => queued.get(id) ?? [])
}

/** Takes the message of a stream that was queued to its place. One that was cancelled in the queue is withdrawn. */
function beginTurn(chat: LiveChatState, event: StreamChanged | StreamFinished): LiveChatState {
  const queued = chat.queue.find(({ stream }) => stream.id === event.stream.id)
  if (!queued) return chat
  const isWithdrawn = event.type === 'StreamFinished' && event.message === null
  const message = isWithdrawn ? { ...queued.message, status: 'WITHDRAWN' as const } : queued.message
  return {
    ...chat,
    queue: chat.queue.filter((other) => other !== queued),
    messages: addMessage(chat.messages, message),
  }
}

function finishStream(chat: LiveChatState, event: StreamFinished): LiveChatState {
  const { stream } = event
  const messages = chat.messages.map((message) => {
    if (message.streamId !== stream.id) return message
    if (message.role === 'ASSISTANT') return foldLiveChatMessage(message, event) ?? message
    return { ...message, stream: toMessageStream(event) }
  })
  return { ...chat, messages, activeStream: chat.activeStream?.id === stream.id ? null : chat.activeStream }
}

/** A message that joins an answer comes before it when it is applied. Taken back, it is shown behind everything else. */
function steerAnswer(chat: LiveChatState, { steeringState, userMessage, streamId }: MessageSteered): LiveChatState {
  const message = createLiveChatMessage(userMessage)
  const steering = chat.steering.filter(({ id }) => id !== message.id)
  if (steeringState === 'PENDING') return { ...chat, steering: [...steering, message] }
  if (steeringState === 'QUEUED' || chat.messages.some(({ id }) => id === message.id)) return { ...chat, steering }
  const answer = chat.messages.findIndex((each) => each.role === 'ASSISTANT' && each.streamId === streamId)
  const index = steeringState === 'WITHDRAWN' || answer < 0 ? chat.messages.length : answer
  return { ...chat, steering, messages: chat.messages.toSpliced(index, 0, message) }
}

function addMessage(messages: readonly LiveChatMessage[], message: LiveChatMessage): readonly LiveChatMessage[] {
  return messages.some(({ id }) => id === message.id) ? messages : [...messages, message]
}
