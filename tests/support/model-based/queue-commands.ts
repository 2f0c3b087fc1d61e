import fc from 'fast-check'
import { expect } from 'vitest'
import { SegueError } from '../../../src/lib/errors.ts'
import type { StreamRecord } from '../../../src/model/stream.ts'
import { isActive } from './invariants.ts'
import { pick } from './pick.ts'
import type { ChatCommand } from './session-commands.ts'
import type { SimulatedHome } from './simulated-home.ts'

type Change = (home: SimulatedHome, target: StreamRecord, other: StreamRecord | null) => Promise<void>

/** A change of a queued stream, or sometimes of one that is not queued; the other stream is of the same session. */
function newQueueCommand(name: string, change: Change): fc.Arbitrary<ChatCommand> {
  return fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 99 })).map(([index, otherIndex]) => ({
    check: () => true,
    run: async (_model, home) => {
      const { streams } = home.readStored()
      const queued = streams.filter(({ status }) => status === 'QUEUED')
      const target = pick(queued.length > 0 && index % 8 > 0 ? queued : streams, index)
      if (!target) return
      const others = streams.filter(({ id, sessionId }) => id !== target.id && sessionId === target.sessionId)
      const queuedOthers = others.filter(({ status }) => status === 'QUEUED')
      await change(home, target, pick(otherIndex % 3 > 0 ? queuedOthers : [], otherIndex) ?? null)
    },
    toString: () => `${name}(${index}, ${otherIndex})`,
  }))
}

/** Only a stream that is not queued is STALE, unless a commit has failed. */
function assertQueueRefusal(error: unknown, target: StreamRecord, isHealthy: boolean): void {
  if (!isHealthy) return
  expect(error instanceof SegueError ? error.code : error).toBe('STALE')
  expect(target.status).not.toBe('QUEUED')
}

export const moveQueued = newQueueCommand('moveQueued', async (home, target, other) => {
  const { isHealthy } = home
  const outcome = await home.perform((chats) => chats.queueManagement.moveMessage(target.id, other))
  if (outcome === 'crashed') return
  if ('error' in outcome) return assertQueueRefusal(outcome.error, target, isHealthy)
  const order = home.committedEvents.findLast(
    (event) => event.type === 'QueueChanged' && event.sessionId === target.sessionId,
  )
  if (order?.type !== 'QueueChanged') throw new Error('The queue was not told of.')
  const place = order.streamIds.indexOf(target.id)
  expect(order.streamIds[place + 1]).toBe(other?.id)
})

export const updateQueued = newQueueCommand('updateQueued', async (home, target) => {
  const { isHealthy } = home
  const text = home.newText(3)
  const outcome = await home.perform((chats) => chats.queueManagement.updateMessage(target.id, { text }))
  if (outcome === 'crashed') return
  if ('error' in outcome) return assertQueueRefusal(outcome.error, target, isHealthy)
  const message = home.readStored().messages.find(({ id }) => id === target.userMessageId)
  expect(message?.parts).toEqual([{ type: 'text', text }])
})

export const sendQueued = newQueueCommand('sendQueued', async (home, target) => {
  const { isHealthy } = home
  home.sentStreamIds.add(target.id)
  const active = home.readStored().streams.find((each) => each.sessionId === target.sessionId && isActive(each))
  const outcome = await home.perform((chats) => chats.queueManagement.sendMessage(target.id))
  if (outcome === 'crashed') return
  if ('error' in outcome) return assertQueueRefusal(outcome.error, target, isHealthy)
  expect(outcome.value.status).toBe('RUNNING')
  const ended = home.readStored().streams.find(({ id }) => id === active?.id)
  if (active) expect(ended?.finishedAt ?? null).not.toBeNull()
})
