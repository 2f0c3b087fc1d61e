import {
  findContinuation,
  loadState,
  newCompactionChats,
  Summaries,
} from '../../../support/fixtures/chats/compaction-chats.ts'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AgentError } from '../../../../src/agent/agent.ts'
import { newLatch, newChatFixtureWith } from '../../../support/fixtures/chats/agent-chats.ts'
import {
  drainEventLoop,
  textAnswer,
  hangingAnswer,
  modelMessage,
  runTurn,
} from '../../../support/fixtures/scripted-answers.ts'

const forever = new Promise<never>(() => {})

const { user, assistant } = modelMessage

afterEach(() => {
  vi.useRealTimers()
})

describe('while the summary is generated', () => {
  /** Starts a compaction, and returns once its summary is requested. */
  async function startCompaction(script: () => Promise<string>) {
    const summaries = new Summaries(script)
    const chats = newCompactionChats(summaries, {})
    const id = await runTurn(chats)
    const before = await loadState(chats, id)
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
    return { chats, id, before, done, summaries }
  }

  test('a message with REJECT and another compaction are refused at once, and nothing is stored', async () => {
    const { chats, id, before, summaries } = await startCompaction(() => forever)
    await using _ = chats
    const busy = { code: 'SESSION_BUSY', details: {} }
    await expect(chats.start('Hi', { sessionId: id, key: 'k' })).rejects.toMatchObject(busy)
    await expect(chats.keyed.compact(id, 'k')).rejects.toMatchObject(busy)
    expect(await loadState(chats, id)).toEqual(before)
    expect(summaries.runs).toHaveLength(1)
    // Other sessions are not affected.
    expect((await chats.start('Hi', { key: 'k' })).status).toBe('RUNNING')
  })

  test('a message with QUEUE waits for the end, however long it takes, and is STALE then', async () => {
    const latch = newLatch()
    const { chats, id, done } = await startCompaction(() => latch.opened.then(() => 'In short.'))
    await using _ = chats
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const queued = chats.start('Hi', { sessionId: id, ifBusy: 'QUEUE' })
    let over = false
    void queued.catch(() => undefined).then(() => (over = true))
    await drainEventLoop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(over).toBe(false)
    latch.open()
    const next = await done
    await expect(queued).rejects.toMatchObject({ code: 'STALE', details: { tipId: next.id } })
  })

  test('a message with QUEUE is answered if the summary fails', async () => {
    const latch = newLatch()
    const { chats, id, done } = await startCompaction(() =>
      latch.opened.then(() => Promise.reject(new AgentError('AUTH', 'No.'))),
    )
    await using _ = chats
    const queued = chats.start('Again', { sessionId: id, ifBusy: 'QUEUE' })
    await drainEventLoop()
    latch.open()
    await expect(done).rejects.toMatchObject({ code: 'PROVIDER' })
    await chats.follow((await queued).id)
    expect(await chats.chats.loadModelMessages(await chats.requireSession(id))).toEqual([
      user('Hi'),
      assistant('Yes.'),
      user('Again'),
      assistant('Yes.'),
    ])
  })

  test('a message with INTERRUPT cancels the compaction and is answered; the session is unchanged', async () => {
    const { chats, id, before, done, summaries } = await startCompaction(() => forever)
    await using _ = chats
    const stream = await chats.start('Now', { sessionId: id, ifBusy: 'INTERRUPT' })
    expect(stream.status).toBe('RUNNING')
    await expect(done).rejects.toMatchObject({ code: 'SESSION_BUSY' })
    expect(summaries.runs[0]?.signal.aborted).toBe(true)
    await chats.follow(stream.id)
    const { log, record } = await loadState(chats, id)
    expect(log.slice(0, before.log.length)).toEqual(before.log)
    expect(record).toMatchObject({ endedAt: null, endReason: null })
    expect(await findContinuation(chats, id)).toBeNull()
    expect((await chats.chats.compact(id, null)).parentId).toBe(id)
  })

  test('a message with INTERRUPT does not wait for a second compaction', async () => {
    const { chats, id } = await startCompaction(() => forever)
    await using _ = chats
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const second = chats.chats.compact(id, null)
    second.catch(() => undefined)
    const started = chats.start('Now', { sessionId: id, ifBusy: 'INTERRUPT' })
    started.catch(() => undefined)
    await drainEventLoop()
    await vi.advanceTimersByTimeAsync(6000)
    expect((await started).status).toBe('RUNNING')
    await expect(second).rejects.toMatchObject({ code: 'SESSION_BUSY' })
  })

  test('cancelling a finished stream returns at once', async () => {
    await using chats = newCompactionChats(new Summaries(() => forever), {})
    const stream = await chats.start('Hi')
    await chats.follow(stream.id)
    chats.chats.compact(stream.sessionId, null).catch(() => undefined)
    await drainEventLoop()
    expect(await chats.chats.cancel(stream.id)).toMatchObject({ outcome: 'ALREADY_FINISHED' })
  })

  test('the session can be forked', async () => {
    const { chats, before } = await startCompaction(() => forever)
    await using _ = chats
    const fork = await chats.chats.fork(before.messages.at(-1)?.id ?? '')
    expect(await chats.chats.loadModelMessages(fork)).toEqual(before.next)
    const again = await chats.chats.regenerate(before.messages[0]?.id ?? '', { text: 'Now' })
    await chats.follow(again.id)
    expect(again.sessionId).not.toBe(fork.id)
  })

  test('closing cancels the compaction without waiting for the model', async () => {
    const { chats, id, before, done } = await startCompaction(() => forever)
    await using _ = chats
    const queued = chats.start('Hi', { sessionId: id, ifBusy: 'QUEUE' })
    queued.catch(() => undefined)
    await drainEventLoop()
    await chats.chats.close()
    await expect(done).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(queued).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(await loadState(chats, id)).toEqual(before)
    await expect(chats.chats.compact(id, null)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })

  test('closing cancels an automatic compaction, and logs no error', async () => {
    const summaries = new Summaries(() => forever)
    await using chats = newCompactionChats(
      summaries,
      { autoCompactThreshold: 0.8, contextWindow: 1_000 },
      textAnswer('Yes. '.repeat(1_000)),
    )
    const id = await runTurn(chats)
    await drainEventLoop()
    await drainEventLoop()
    expect(summaries.runs).toHaveLength(1)
    await chats.chats.close()
    expect((await chats.requireSession(id)).endedAt).toBeNull()
    expect(chats.loggedErrors).toEqual([])
  })
})

describe('while the model is resolved', () => {
  test('closing prevents the summary from being requested', async () => {
    const summaries = new Summaries(() => forever)
    const latch = newLatch()
    let slow = false
    await using chats = newCompactionChats(summaries, { beforeResolveModel: () => (slow ? latch.opened : undefined) })
    const id = await runTurn(chats)
    slow = true
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await drainEventLoop()
    const closed = chats.chats.close()
    await drainEventLoop()
    latch.open()
    await closed
    await expect(done).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(summaries.runs).toEqual([])
  })

  test('a turn that starts and ends is part of the context of the continuation', async () => {
    const summaries = new Summaries()
    const latch = newLatch()
    let slow = false
    await using chats = newCompactionChats(summaries, { beforeResolveModel: () => (slow ? latch.opened : undefined) })
    const id = await runTurn(chats)
    slow = true
    const done = chats.chats.compact(id, null)
    done.catch(() => undefined)
    await drainEventLoop()
    slow = false
    await runTurn(chats, id, 'Meanwhile')
    await drainEventLoop()
    latch.open()
    const next = await done
    expect(next.parentId).toBe(id)
    expect(await chats.chats.loadModelMessages(next)).toEqual([
      modelMessage.summary('In short 1.', { quotes: ['Hi'], next: 'Meanwhile' }),
      assistant('Yes.'),
    ])
  })

  test('a session that is compacted by someone else is STALE', async () => {
    const latch = newLatch()
    let slow = false
    await using chats = newCompactionChats(new Summaries(), {
      beforeResolveModel: () => (slow ? latch.opened : undefined),
    })
    const id = await runTurn(chats)
    slow = true
    const late = chats.chats.compact(id, null)
    late.catch(() => undefined)
    await drainEventLoop()
    slow = false
    const next = await chats.chats.compact(id, null)
    await drainEventLoop()
    latch.open()
    await expect(late).rejects.toMatchObject({ code: 'STALE', details: { tipId: next.id } })
  })
})

test('of a message and a compaction at the same moment, one is refused at once', async () => {
  const writer = { generateSummary: () => forever }
  await using chats = newChatFixtureWith({ textGenerator: writer }, textAnswer('Yes.'), hangingAnswer)
  const id = await runTurn(chats)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  // A growing delay, so that the message arrives at every stage of the start of the compaction.
  for (let delay = 0; delay < 12; delay += 1) {
    const compaction = chats.chats.compact(id, null)
    compaction.catch(() => undefined)
    for (let tick = 0; tick < delay; tick += 1) await Promise.resolve()
    const [started] = await Promise.allSettled([chats.start('Hi', { sessionId: id }), vi.advanceTimersByTimeAsync(0)])
    if (started.status === 'fulfilled') {
      await expect(compaction).rejects.toMatchObject({ code: 'SESSION_BUSY' })
      await chats.chats.cancel(started.value.id)
    } else {
      expect(started.reason).toMatchObject({ code: 'SESSION_BUSY' })
      const freed = await chats.start('Hi', { sessionId: id, ifBusy: 'INTERRUPT' })
      await expect(compaction).rejects.toMatchObject({ code: 'SESSION_BUSY' })
      await chats.chats.cancel(freed.id)
    }
    await drainEventLoop()
  }
})
