import { classifySessionChannel } from '../../model/channel.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'

/**
 * Up to when a person has read a conversation if these events are what they did: whoever sends a message, also one that joins
 * an answer, has read what was there before, and whoever stops an answer has read it to its end. `messages` are written with
 * the events. Null for events of other kinds, and for the message of a job, which begins a session.
 */
export function findReadTime(
  events: readonly ChatEvent[],
  newSession: SessionRecord | null,
  messages: readonly MessageRecord[],
): number | null {
  const isJobRun = newSession !== null && classifySessionChannel(newSession) === 'CRON'
  const times = events.map((event) => {
    if (event.type === 'StreamStarted') return isJobRun ? null : event.stream.startedAt
    if (event.type === 'MessageSteered' && event.steeringState === 'PENDING')
      return messages.find(({ id }) => id === event.userMessageId)?.createdAt ?? null
    if (event.type !== 'StreamFinished') return null
    return event.stream.status === 'CANCELLED' ? event.stream.finishedAt : null
  })
  return times.reduce((newest, time) => (time === null ? newest : Math.max(newest ?? time, time)), null)
}
