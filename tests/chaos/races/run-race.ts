import { z } from 'zod'
import * as operations from '../operations.ts'
import { InvariantViolation } from '../reader.ts'
import { startedStreamSchema } from '../stored-state.ts'
import { raceDecision } from './decision-race.ts'
import { raceQueueMoves } from './queue-race.ts'
import { ignoreRaceRefusal, type RaceContext } from './race-context.ts'

const startSchema = z.object({ startChat: startedStreamSchema })

/** Has several requests arrive at the same moment, at servers that know nothing of each other. Throws `InvariantViolation`. */
export async function runRace(context: RaceContext): Promise<void> {
  await context.random.pick(races)(context)
}

const raceCancels = (context: RaceContext): Promise<void> => context.cancel()

/** Several messages to one session. */
async function raceStarts({ client, random, pickSession, newText, addStream }: RaceContext): Promise<void> {
  const sessionId = pickSession()
  if (sessionId === null) return
  const texts = Array.from({ length: random.between(2, 3) }, newText)
  await Promise.all(
    texts.map(async (text) => {
      const input = { sessionId, text, ifBusy: random.pick(['REJECT', 'QUEUE', 'INTERRUPT']) }
      const started = await client.ask(operations.startMutation, { input }, startSchema).catch(ignoreRaceRefusal)
      if (started) addStream(started.startChat, text)
    }),
  )
}

/** One message that is sent several times: it is answered once. */
async function raceSameKey({ client, random, pickSession, newText, addStream }: RaceContext): Promise<void> {
  const sessionId = random.chance(0.5) ? pickSession() : null
  const text = newText()
  const input = {
    text,
    key: `same ${random.between(0, 1_000_000_000)}`,
    ifBusy: 'QUEUE',
    ...(sessionId !== null && { sessionId }),
  }
  const ask = () => client.ask(operations.startMutation, { input }, startSchema).catch(ignoreRaceRefusal)
  const results = await Promise.all([ask(), ask(), ask()])
  const started = results.flatMap((result) => result?.startChat ?? [])
  const [first] = started
  if (!first) return
  if (new Set(started.map(({ id }) => id)).size > 1)
    throw new InvariantViolation(`One key has started the streams ${started.map(({ id }) => id).join(', ')}.`)
  addStream(first, text)
}

/** A deletion and a message: one of them comes first, and the other one is refused or comes after it. */
async function raceDeletion({ client, newText, fork }: RaceContext): Promise<void> {
  const id = await fork()
  if (id === null) return
  const input = { sessionId: id, text: newText(), ifBusy: 'REJECT' }
  const [deleted] = await Promise.all([
    client.ask(operations.deleteMutation, { id }, z.unknown()).then(() => true, ignoreRaceRefusal),
    client.ask(operations.startMutation, { input }, startSchema).catch(ignoreRaceRefusal),
  ])
  if (deleted !== true) return
  const schema = z.object({ session: z.unknown() })
  const found = await client.ask(operations.sessionTitleQuery, { id }, schema).catch(ignoreRaceRefusal)
  if (found && found.session !== null) throw new InvariantViolation(`Session ${id} was deleted, but is there.`)
}

/** Changes of a session while something runs in it. */
async function raceUpdates({ client, random, pickSession }: RaceContext): Promise<void> {
  const id = pickSession()
  if (id === null) return
  const titles = Array.from({ length: 3 }, () => `title ${random.between(0, 1_000)}`)
  const schema = z.object({ updateSession: z.object({ title: z.string().nullable() }) })
  const results = await Promise.all(
    titles.map((title) => client.ask(operations.renameMutation, { id, title }, schema).catch(ignoreRaceRefusal)),
  )
  for (const result of results)
    if (result && !titles.includes(result.updateSession.title ?? ''))
      throw new InvariantViolation(`Session ${id} has none of the titles ${titles.join(', ')}.`)
}

/** Two messages without a session and without a key: each begins a conversation of its own. */
async function raceFirstMessages({ client, newText, addStream }: RaceContext): Promise<void> {
  const start = async (text: string) => {
    const started = await client
      .ask(operations.startMutation, { input: { text } }, startSchema)
      .catch(ignoreRaceRefusal)
    if (started) addStream(started.startChat, text)
    return started?.startChat ?? null
  }
  const [first, second] = await Promise.all([start(newText()), start(newText())])
  if (first && second && (first.id === second.id || first.session.id === second.session.id))
    throw new InvariantViolation(`Two messages have begun the session ${first.session.id}.`)
}

const races = [
  raceStarts,
  raceCancels,
  raceSameKey,
  raceDeletion,
  raceUpdates,
  raceDecision,
  raceQueueMoves,
  raceFirstMessages,
]
