import fc from 'fast-check'
import { expect } from 'vitest'
import { SegueError } from '../../../src/lib/errors.ts'
import { isActive } from './invariants.ts'
import { pick } from './pick.ts'
import type { SimulatedHome } from './simulated-home.ts'
import type { SummaryMode } from './simulated-summaries.ts'

export type ChatCommand = fc.AsyncCommand<object, SimulatedHome>

/** Windows in which a few messages have room, and two in which all have. */
export const anyContextWindow = fc.constantFrom(1_000, 1_000, 2_000, 4_000, 40_000, Number.POSITIVE_INFINITY)

/** A command that may be run at any time. */
function newCommand(name: string, run: (home: SimulatedHome) => Promise<void>): ChatCommand {
  return { check: () => true, run: (_model, home) => run(home), toString: () => name }
}

/** Asserts that a refusal is one of these codes, unless a commit has failed. */
function assertRefusal(error: unknown, codes: readonly string[], isHealthy: boolean): void {
  if (isHealthy) expect(codes).toContain(error instanceof SegueError ? error.code : error)
}

const anyIndex = fc.nat({ max: 99 })

export const writeSummaries = fc
  .constantFrom<SummaryMode>('short', 'long', 'failed', 'empty', 'held', 'held')
  .map((mode) => newCommand(`summaries(${mode})`, async (home) => home.summaries.release(mode)))

export const compactSession = anyIndex.map((index) =>
  newCommand(`compactSession(${index})`, async (home) => {
    const { sessions, streams } = home.readStored()
    const session = pick(
      sessions.filter(({ ended_at: endedAt }) => endedAt === null),
      index,
    )
    if (!session || home.compactions.has(session.id)) return
    const isBusy = streams.some(({ sessionId, finishedAt }) => sessionId === session.id && finishedAt === null)
    const { isHealthy } = home
    void home.startCompaction(session.id).then((outcome) => {
      if (outcome === 'crashed') return
      if ('value' in outcome) expect(isBusy && isHealthy).toBe(false)
      else
        assertRefusal(
          outcome.error,
          ['SESSION_BUSY', 'STALE', 'BAD_USER_INPUT', 'PROVIDER', 'NOT_FOUND', 'SHUTTING_DOWN'],
          isHealthy && home.isHealthy,
        )
    })
  }),
)

export const changeModel = fc.tuple(anyIndex, anyContextWindow).map(([index, contextWindow]) =>
  newCommand(`updateSession(${index}, ${contextWindow})`, async (home) => {
    const session = pick(home.readStored().sessions, index)
    if (!session) return
    const { isHealthy } = home
    const model = home.newModel(contextWindow)
    const outcome = await home.perform((chats) => chats.sessionManagement.update([session.id], { model }))
    if (outcome === 'crashed') return
    if ('value' in outcome) expect(outcome.value[0]?.model).toBe(model)
    else assertRefusal(outcome.error, home.compactions.has(session.id) ? ['SESSION_BUSY'] : [], isHealthy)
  }),
)

export const fork = anyIndex.map((index) =>
  newCommand(`fork(${index})`, async (home) => {
    const before = home.readStored()
    const message = pick(before.messages, index)
    if (!message || before.sessions.length > maxSessions) return
    const outcome = await home.perform((chats) => chats.fork(message.id))
    if (outcome === 'crashed') return
    if ('value' in outcome) expect(outcome.value).toMatchObject({ forkedFrom: message.id, parentId: null })
    else expect(message.position).toBeNull()
  }),
)

export const regenerate = anyIndex.map((index) =>
  newCommand(`regenerate(${index})`, async (home) => {
    const before = home.readStored()
    const message = pick(
      before.messages.filter(({ role }) => role === 'USER'),
      index,
    )
    if (!message || before.sessions.length > maxSessions) return
    const { isHealthy } = home
    const text = home.newText(5)
    const outcome = await home.perform((chats) => chats.regenerate(message.id, { text }))
    if (outcome === 'crashed') return
    if ('value' in outcome) {
      home.startedStreams.set(outcome.value.id, outcome.value)
      const retry = home.readStored().sessions.find(({ id }) => id === outcome.value.sessionId)
      expect(retry).toMatchObject({ retry_of: message.id, forked_from: null })
    }
    // The message is still queued, or its turn cannot be found: it is a copy behind a summary.
    else assertRefusal(outcome.error, ['BAD_USER_INPUT', 'SESSION_BUSY'], isHealthy)
  }),
)

export const deleteSession = anyIndex.map((index) =>
  newCommand(`deleteSession(${index})`, async (home) => {
    const { sessions, streams } = home.readStored()
    const session = pick(sessions, index)
    // The key of a stream that is gone cannot be used again.
    const keyed = new Set([...home.requestsByKey.values()].map(({ streamId }) => streamId))
    const own = streams.filter(({ sessionId }) => sessionId === session?.id)
    if (!session || [...home.requestsByKey.values()].some(({ request }) => request.sessionId === session.id)) return
    if (own.some(({ id }) => keyed.has(id))) return
    const { isHealthy } = home
    const outcome = await home.perform((chats) => chats.sessionManagement.delete([session.id]))
    if (outcome === 'crashed') return
    if ('value' in outcome) home.forgetSession(session.id)
    else {
      const isBusy = own.some((stream) => isActive(stream) || stream.status === 'QUEUED')
      assertRefusal(outcome.error, isBusy || home.compactions.has(session.id) ? ['SESSION_BUSY'] : [], isHealthy)
    }
  }),
)

/** Forks are left alone from then on: few sessions, so that their turns interfere. */
const maxSessions = 6
