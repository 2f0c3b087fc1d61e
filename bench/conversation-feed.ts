// How long it takes until a change is told to whoever follows the list of conversations, with 100,000 sessions in Hermes'
// file: beside a bare commit there. `node bench/conversation-feed.ts [sessions]`
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { SegueError } from '../src/lib/errors.ts'
import { newTempFolder, startTestSegue } from '../tests/support/server/segue.ts'
import { percentile, printFigures } from './report.ts'
import { firstStartSeconds, seedHermes, hermesId } from './seed-sessions.ts'

const sessions = Number(process.argv[2] ?? 100_000)
const rounds = 20

const hermesHome = newTempFolder()
using _ = { [Symbol.dispose]: () => rmSync(hermesHome, { recursive: true, force: true }) }
seedHermes(hermesHome, { sessions, messagesPerSession: 10, chainLength: sessions / 100, familySize: sessions / 10 })
await using segue = await startTestSegue({ settings: { hermesHome } })
const hermes = new Database(join(hermesHome, 'state.db'))

const updates = segue.defaultProfile.feed.follow()
/** What is waited for, from when on it is there. */
let awaitedUpdate: { id: string; told: (at: number) => void } | null = null
async function readUpdates(): Promise<void> {
  for await (const change of updates) {
    if (change instanceof SegueError) throw change
    if (change.id === awaitedUpdate?.id) awaitedUpdate.told(performance.now())
  }
}
const reading = readUpdates()

/** How long after the commit a change of a conversation is told, in milliseconds. */
async function measureDelayMs(root: number, sql: string, ...values: unknown[]): Promise<number> {
  const id = `cnv_${hermesId(root)}`
  const { promise, resolve } = Promise.withResolvers<number>()
  awaitedUpdate = { id, told: resolve }
  hermes.prepare(sql).run(...values)
  const committed = performance.now()
  return (await promise) - committed
}

async function measureRounds(once: (round: number) => Promise<number>): Promise<number[]> {
  const all: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    all.push(await once(round))
    // Changes come at any moment of whatever is done in turns.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000))
  }
  return all
}

// Until all of it was looked at once.
await segue.defaultProfile.profile.hermesSessions?.refresh()
const newestRoot = sessions - 4 - ((sessions - 4) % 6) // a root
await measureDelayMs(newestRoot, 'UPDATE sessions SET title = ? WHERE id = ?', 'Ready', hermesId(newestRoot))

/** One that continues nothing, in the middle of the file. */
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
  hermes.prepare(title).run(`Least ${round}`, hermesId(singleSession(1)))
  baselineMs.push(performance.now() - start)
}
printFigures('a bare commit', { 'median, ms': percentile(baselineMs, 0.5) })
hermes.close()
await updates.return?.()
await reading
