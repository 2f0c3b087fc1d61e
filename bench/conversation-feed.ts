// Measures the delay between a commit to a Hermes database with 100,000 sessions and the update that a subscriber of the
// conversation list receives. The baseline is a bare commit. Usage: npm run bench -- conversation-feed [sessions]
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { newTempFolder, startTestSegue } from '../tests/support/server/segue.ts'
import { percentile, printFigures } from './support/figures.ts'
import { firstStartSeconds, seedHermes, hermesId } from './support/seed-sessions.ts'

const sessions = Number(process.argv[2] ?? 100_000)
const rounds = 20

const hermesHome = newTempFolder()
using _ = { [Symbol.dispose]: () => rmSync(hermesHome, { recursive: true, force: true }) }
seedHermes(hermesHome, { sessions, messagesPerSession: 10, chainLength: sessions / 100, familySize: sessions / 10 })
await using segue = await startTestSegue({ settings: { hermesHome } })
const hermes = new Database(join(hermesHome, 'state.db'))

const updates = segue.defaultProfile.feed.follow()
/** The update to wait for, and what to call with the time at which it arrives. */
let awaitedUpdate: { id: string; resolve: (at: number) => void } | null = null
async function readUpdates(): Promise<void> {
  for await (const change of updates) {
    if (change.conversationId === awaitedUpdate?.id) awaitedUpdate?.resolve(performance.now())
  }
}
const reading = readUpdates()

/** Runs a statement that changes a conversation. Resolves to the milliseconds from its commit to the update. */
async function measureDelayMs(root: number, sql: string, ...values: unknown[]): Promise<number> {
  const id = `cnv_${hermesId(root)}`
  const { promise, resolve } = Promise.withResolvers<number>()
  awaitedUpdate = { id, resolve }
  hermes.prepare(sql).run(...values)
  const committed = performance.now()
  return (await promise) - committed
}

async function measureRounds(once: (round: number) => Promise<number>): Promise<number[]> {
  const all: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    all.push(await once(round))
    // Spreads the changes over the polling interval.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000))
  }
  return all
}

// Waits until the Hermes index is built.
await segue.defaultProfile.profile.hermesSessions?.refresh()
const newestRoot = sessions - 4 - ((sessions - 4) % 6) // every sixth session is a root
await measureDelayMs(newestRoot, 'UPDATE sessions SET title = ? WHERE id = ?', 'Ready', hermesId(newestRoot))

/** The number of a session without parent, in the middle of the database. */
const singleSession = (round: number): number => Math.floor(sessions / 2 / 6) * 6 + 6 * round
const message = 'INSERT INTO messages (session_id, role, content, timestamp) VALUES (?, ?, ?, ?)'
const title = 'UPDATE sessions SET title = ? WHERE id = ?'
const figures = {
  'a message in an old session': await measureRounds((round) =>
    measureDelayMs(
      singleSession(round),
      message,
      hermesId(singleSession(round)),
      'user',
      'More',
      firstStartSeconds + sessions * 2 + round,
    ),
  ),
  'the title of one of the newest': await measureRounds((round) =>
    measureDelayMs(newestRoot, title, `Newest ${round}`, hermesId(newestRoot)),
  ),
  'the title of an old one': await measureRounds((round) =>
    measureDelayMs(singleSession(round), title, `Old ${round}`, hermesId(singleSession(round))),
  ),
}
for (const [name, values] of Object.entries(figures)) {
  printFigures(name, { 'median, ms': percentile(values, 0.5), 'longest, ms': Math.max(...values) })
}
const baselineMs: number[] = []
for (let round = 0; round < 100; round += 1) {
  const start = performance.now()
  hermes.prepare(title).run(`Baseline ${round}`, hermesId(singleSession(1)))
  baselineMs.push(performance.now() - start)
}
printFigures('baseline: a bare commit', { 'median, ms': percentile(baselineMs, 0.5) })
hermes.close()
await updates.return?.()
await reading
