import { z } from 'zod'
import { InvariantViolation } from '../reader.ts'
import type { ScheduleClient } from './schedule-client.ts'

const conversationQuery = `query ($id: ID!) {
  session(id: $id) { conversation { attention readAt } }
}`

const conversationSchema = z.object({
  session: z.object({ conversation: z.object({ attention: z.string(), readAt: z.string().nullable() }) }),
})

const logQuery = `query ($id: ID!, $after: Int!) {
  events(sessionId: $id, after: $after, first: 1000) {
    seq
    ... on StreamStarted { started: stream { startedAt } }
    ... on MessageSteered { steeringState userMessage { createdAt } }
    ... on StreamFinished { finished: stream { status finishedAt message { id } } }
  }
}`

const endSchema = z.object({
  status: z.string(),
  finishedAt: z.string(),
  message: z.object({ id: z.string() }).nullable(),
})

const logEventSchema = z.object({
  seq: z.int(),
  started: z.object({ startedAt: z.string() }).optional(),
  steeringState: z.string().optional(),
  userMessage: z.object({ createdAt: z.string() }).optional(),
  finished: endSchema.optional(),
})

const logSchema = z.object({ events: z.array(logEventSchema) })

export type AttentionLogEvent = z.output<typeof logEventSchema>

/** The state of a conversation that follows from a log at rest and from what a person has marked. Times are ISO texts. */
export function deriveAttention(events: readonly AttentionLogEvent[], markedAt: string | null) {
  const reads = events.flatMap(({ started, steeringState, userMessage, finished }) => [
    started?.startedAt,
    steeringState === 'PENDING' ? userMessage?.createdAt : undefined,
    finished?.status === 'CANCELLED' ? finished.finishedAt : undefined,
  ])
  const readAt = findNewest([markedAt ?? undefined, ...reads])
  const answers = events.flatMap(({ finished }) => (finished ? [finished] : []))
  const answer = answers.findLast(({ status, message }) => message !== null || status !== 'CANCELLED')
  if (!answer || (readAt !== null && answer.finishedAt <= readAt)) return { attention: 'IDLE', readAt }
  return { attention: answer.status === 'FAILED' ? 'FAILED' : 'UNREAD', readAt }
}

/** Verifies that the conversation of a session at rest wants of a person what its log says. */
export async function verifyAttention(client: ScheduleClient, id: string, markedAt: string | null): Promise<void> {
  const events: AttentionLogEvent[] = []
  for (;;) {
    const page = await client.ask(logQuery, { id, after: events.at(-1)?.seq ?? 0 }, logSchema)
    if (page.events.length === 0) break
    events.push(...page.events)
  }
  const expected = deriveAttention(events, markedAt)
  const { conversation } = (await client.ask(conversationQuery, { id }, conversationSchema)).session
  if (conversation.attention !== expected.attention || conversation.readAt !== expected.readAt)
    throw new InvariantViolation(
      `Session ${id}: its conversation is ${JSON.stringify(conversation)}, but its log says ${JSON.stringify(expected)}.`,
    )
}

function findNewest(times: readonly (string | undefined)[]): string | null {
  return (
    times
      .filter((time) => time !== undefined)
      .toSorted()
      .at(-1) ?? null
  )
}
