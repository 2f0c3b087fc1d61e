import { z } from 'zod'
import * as operations from '../operations.ts'
import { InvariantViolation } from '../reader.ts'
import { startedStreamSchema } from '../stored-state.ts'
import { findRaceOutcome, ignoreRaceRefusal, type RaceContext, type RaceOutcome } from './race-context.ts'

/** A stream that is put before another one, or at the end. */
interface Move {
  readonly id: string
  readonly before: string | null
}

const startSchema = z.object({ startChat: startedStreamSchema })
const queueSchema = z.object({ session: z.object({ queue: z.array(z.object({ id: z.string() })) }) })
const busyText = '/ask What comes next?'

/** Moves in the queue of a session: they are made one after the other, and each message is in it once. */
export async function raceQueueMoves(context: RaceContext): Promise<void> {
  const { client } = context
  const queued = await startQueue(context)
  const [first, second, third] = queued?.ids ?? []
  if (!queued || first === undefined || second === undefined || third === undefined) return
  const moves: Move[] = [
    { id: first, before: null },
    { id: third, before: second },
  ]
  const outcomes = await Promise.all(
    moves.map((move) => findRaceOutcome(client.ask(operations.moveMutation, move, z.unknown()))),
  )
  const found = await client.ask(operations.queueQuery, { id: queued.sessionId }, queueSchema).catch(ignoreRaceRefusal)
  const order = found?.session.queue.map(({ id }) => id) ?? []
  // The turns of some may have begun.
  const expected = listOrders(queued.ids, moves, outcomes).map((ids) => ids.filter((id) => order.includes(id)).join())
  if (!expected.includes(order.join()))
    throw new InvariantViolation(`The queue ${queued.ids.join()} is ${order.join()}, and not ${expected.join(' or ')}.`)
  await context.cancelStream(queued.runningId)
}

/** Three messages that wait behind one that asks a question, in a session of their own. */
async function startQueue({ client, newText, addStream }: RaceContext) {
  const start = async (text: string, sessionId?: string) => {
    const input = { text, model: operations.offlineModel, ifBusy: 'QUEUE', ...(sessionId && { sessionId }) }
    const started = await client.ask(operations.startMutation, { input }, startSchema).catch(ignoreRaceRefusal)
    if (started) addStream(started.startChat, text)
    return started?.startChat ?? null
  }
  const running = await start(busyText)
  if (!running) return null
  const ids: string[] = []
  for (let count = 0; count < 3; count += 1) {
    const queued = await start(newText(), running.session.id)
    if (queued) ids.push(queued.id)
  }
  return { sessionId: running.session.id, runningId: running.id, ids }
}

/** The orders that the moves can lead to: those that were accepted, one after the other, and maybe those that were lost. */
function listOrders(ids: readonly string[], moves: readonly Move[], outcomes: readonly RaceOutcome[]): string[][] {
  const orders = [[...ids]]
  const apply = (order: readonly string[], remaining: readonly Move[]): void => {
    for (const move of remaining) {
      const moved = applyMove(order, move)
      const others = remaining.filter((each) => each !== move)
      const isComplete = others.every((each) => outcomes[moves.indexOf(each)] !== 'accepted')
      if (isComplete) orders.push(moved)
      apply(moved, others)
    }
  }
  const possible = moves.filter((_, index) => outcomes[index] !== 'refused')
  apply(ids, possible)
  return outcomes.includes('accepted') ? orders.slice(1) : orders
}

function applyMove(order: readonly string[], { id, before }: Move): string[] {
  const others = order.filter((each) => each !== id)
  return others.toSpliced(before === null ? others.length : others.indexOf(before), 0, id)
}
