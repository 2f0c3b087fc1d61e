import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import * as operations from '../operations.ts'
import { InvariantViolation } from '../reader.ts'
import { startedStreamSchema } from '../stored-state.ts'
import { findRaceOutcome, ignoreRaceRefusal, type RaceContext } from './race-context.ts'

const kinds = [
  { text: '/tool roll_dice {"count": 2}', mutation: operations.answerApprovalMutation, answers: ['ONCE', 'DENY'] },
  {
    text: '/ask Which one? | This | That',
    mutation: operations.answerClarificationMutation,
    answers: ['This', 'That'],
  },
] as const

const pendingSchema = z.object({
  session: z.object({
    activeStream: z.unknown(),
    pendingApprovals: z.array(z.object({ id: z.string() })),
    pendingClarifications: z.array(z.object({ id: z.string() })),
  }),
})

const pollIntervalMs = 20

/** Two answers to one approval, or to one question: one of them counts, and the other one is STALE. */
export async function raceDecision(context: RaceContext): Promise<void> {
  const { client, random, addStream, addDecision } = context
  const { text, mutation, answers } = random.pick(kinds)
  const input = { text, model: operations.offlineModel }
  const schema = z.object({ startChat: startedStreamSchema })
  const started = await client.ask(operations.startMutation, { input }, schema).catch(ignoreRaceRefusal)
  if (!started) return
  addStream(started.startChat, text)
  const id = await waitForDecision(context, started.startChat.session.id)
  if (id === null) return
  const outcomes = await Promise.all(
    answers.map((answer) => findRaceOutcome(client.ask(mutation, { id, answer }, z.unknown()))),
  )
  const winners = answers.filter((_, index) => outcomes[index] === 'accepted')
  if (winners.length > 1) throw new InvariantViolation(`Decision ${id} was resolved by ${winners.join(' and ')}.`)
  addDecision({ id, winner: winners[0] ?? null, lost: answers.filter((_, index) => outcomes[index] === 'lost') })
}

/** The id of the decision that a session waits for. Null if it has ended before. */
async function waitForDecision({ client }: RaceContext, sessionId: string): Promise<string | null> {
  for (;;) {
    const found = await client
      .ask(operations.pendingDecisionsQuery, { id: sessionId }, pendingSchema)
      .catch(ignoreRaceRefusal)
    const { activeStream, pendingApprovals = [], pendingClarifications = [] } = found?.session ?? {}
    const [pending] = [...pendingApprovals, ...pendingClarifications]
    if (pending) return pending.id
    if (found && activeStream === null) return null
    await delay(pollIntervalMs)
  }
}
