// One answer of 1,000,000 deltas through the log: memory, the event loop, the merge, catching up; beside a row a delta
// written by SQLite alone. `node --expose-gc bench/long-answer.ts [deltas]`
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { Agent } from '../src/agent/agent.ts'
import { Chats } from '../src/chat/chat-service.ts'
import { openProfile } from '../src/services/profile-stores.ts'
import { Sessions } from '../src/sessions/session-repository.ts'
import { chatRequest } from '../tests/support/fixtures/chat-request.ts'
import { foundModel } from '../tests/support/providers/resolved-model.ts'
import { newFolder } from '../tests/support/server/segue.ts'
import { print } from './report.ts'

const deltas = Number(process.argv[2] ?? 1_000_000)
const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const agent: Agent = {
  async *answer() {
    for (let count = 0; count < deltas; count += 1) {
      yield { type: 'text', block: 'a', text: 'word ' }
      // As from a socket: some at a time.
      if (count % 32 === 31) await breathe()
    }
  },
}
const profile = openProfile({ home: newFolder(), hermesHome: null, durable: false, log: console })
const sessions = new Sessions(profile)
const models = { find: async () => foundModel(agent) }
const chats = new Chats({ profile, sessions, models, onProblem: console.error })
const loop = monitorEventLoopDelay({ resolution: 1 })

const before = heap()
loop.enable()
const begun = performance.now()
const stream = await chats.start(chatRequest({ text: 'go' }))
let seen = 0
for await (const event of await chats.followers.followStream(stream.id, 0)) seen = event.seq
const streamed = performance.now() - begun
const held = loop.max / 1e6
const after = heap()

loop.reset()
await delay(400)
while ((await profile.chats.events({ sessionId: stream.sessionId, after: 0, limit: 200 })).length > 100) await delay(50)
const heldByMerge = loop.max / 1e6

let events = 0
loop.reset()
const caughtUp = performance.now()
for await (const _ of await chats.followers.followStream(stream.id, 0)) events += 1
const catching = performance.now() - caughtUp

const bare = new Database(join(newFolder(), 'bare.db'))
bare.pragma('journal_mode = WAL')
bare.pragma('synchronous = NORMAL')
bare.exec('CREATE TABLE rows (seq INTEGER PRIMARY KEY, body TEXT)')
const insert = bare.prepare('INSERT INTO rows VALUES (?, ?)')
const bareBegun = performance.now()
for (let row = 0; row < deltas / 10; row += 1) insert.run(row, JSON.stringify({ text: 'word ' }))
const bareTime = (performance.now() - bareBegun) * 10

print(`an answer of ${deltas} deltas`, {
  'events in the log before the merge': seen,
  'deltas a second': deltas / (streamed / 1000),
  'time beside a row a delta by SQLite alone': streamed / bareTime,
  'heap before, MiB': before,
  'heap after (the text is of about 5 MB), MiB': after,
  'event loop held at most, streaming, ms': held,
  'event loop held at most, merging, ms': heldByMerge,
  'events to catch up from the start': events,
  'time to catch up, ms': catching,
})
process.exit(0)
