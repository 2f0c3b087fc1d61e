// Measures one answer of 1,000,000 deltas: memory, event loop delay, coalescing, catching up. The baseline is SQLite alone,
// writing one row per delta. Usage: npm run bench -- long-answer [deltas]
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { Agent } from '../src/agent/agent.ts'
import { createChatService } from '../src/chat/create-chat-service.ts'
import { openProfileStorage } from '../src/services/storage/open-profile-storage.ts'
import { CombinedSessionRepository } from '../src/sessions/combined-session-repository.ts'
import { newChatRequest } from '../tests/support/fixtures/chat-request.ts'
import { newResolvedModel } from '../tests/support/providers/resolved-model.ts'
import { newTempFolder } from '../tests/support/server/segue.ts'
import { printFigures } from './support/figures.ts'
import { yieldToEventLoop } from '../src/lib/async/yield-to-event-loop.ts'

const deltas = Number(process.argv[2] ?? 1_000_000)
const measureHeapMiB = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const agent: Agent = {
  async *answer() {
    for (let count = 0; count < deltas; count += 1) {
      yield { type: 'text', block: 'a', text: 'word ' }
      // Like a socket, which delivers several deltas at a time.
      if (count % 32 === 31) await yieldToEventLoop()
    }
  },
}
const profile = openProfileStorage({ home: newTempFolder(), hermesHome: null, durable: false, log: console })
const sessions = new CombinedSessionRepository(profile)
const models = { assertKnown: () => undefined, resolve: async () => newResolvedModel(agent) }
const chats = createChatService({ profile, sessions, models, log: console })
const loop = monitorEventLoopDelay({ resolution: 1 })

const heapBeforeMiB = measureHeapMiB()
loop.enable()
const startedAt = performance.now()
const stream = await chats.start(newChatRequest({ text: 'go' }))
let lastSeq = 0
for await (const event of await chats.subscriptions.subscribeToStream(stream.id, 0)) lastSeq = event.seq
const streamingMs = performance.now() - startedAt
const maxBlockedMs = loop.max / 1e6
const heapAfterMiB = measureHeapMiB()

loop.reset()
await delay(400)
while ((await profile.eventStore.readEvents({ sessionId: stream.sessionId, after: 0, limit: 200 })).length > 100)
  await delay(50)
const maxBlockedByCoalescingMs = loop.max / 1e6

let events = 0
loop.reset()
const catchUpStartedAt = performance.now()
for await (const _ of await chats.subscriptions.subscribeToStream(stream.id, 0)) events += 1
const catchUpMs = performance.now() - catchUpStartedAt

const bareDatabase = new Database(join(newTempFolder(), 'bare.db'))
bareDatabase.pragma('journal_mode = WAL')
bareDatabase.pragma('synchronous = NORMAL')
bareDatabase.exec('CREATE TABLE rows (seq INTEGER PRIMARY KEY, body TEXT)')
const insert = bareDatabase.prepare('INSERT INTO rows VALUES (?, ?)')
const bareStartedAt = performance.now()
for (let row = 0; row < deltas / 10; row += 1) insert.run(row, JSON.stringify({ text: 'word ' }))
const bareMs = (performance.now() - bareStartedAt) * 10

printFigures(`an answer of ${deltas} deltas`, {
  'events in the log before coalescing': lastSeq,
  'deltas per second': deltas / (streamingMs / 1000),
  'time, ratio to SQLite alone': streamingMs / bareMs,
  'heap before, MiB': heapBeforeMiB,
  'heap after, MiB': heapAfterMiB,
  'event loop blocked at most, streaming, ms': maxBlockedMs,
  'event loop blocked at most, coalescing, ms': maxBlockedByCoalescingMs,
  'events to catch up from the start': events,
  'time to catch up, ms': catchUpMs,
})
process.exit(0)
