// How long it takes until a change is told to whoever follows the list of conversations, with 100,000 sessions in Hermes'
// file: beside a bare commit there. `node bench/conversation-feed.ts [sessions]`
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { SegueError } from '../src/lib/errors.ts'
import { newFolder, newSegue } from '../tests/support/server/segue.ts'
import { percentile, print } from './report.ts'
import { begun, fillHermes, hermesId } from './seed-sessions.ts'

const sessions = Number(process.argv[2] ?? 100_000)
const rounds = 20

const hermesHome = newFolder()
using _ = { [Symbol.dispose]: () => rmSync(hermesHome, { recursive: true, force: true }) }
fillHermes(hermesHome, { sessions, messagesEach: 10, chain: sessions / 100, family: sessions / 10 })
await using segue = await newSegue({ settings: { hermesHome } })
const hermes = new Database(join(hermesHome, 'state.db'))

const told = segue.domain.feed.follow()
/** What is waited for, from when on it is there. */
let wanted: { id: string; told: (at: number) => void } | null = null
async function read(): Promise<void> {
  for await (const change of told) {
    if (change instanceof SegueError) throw change
    if (change.id === wanted?.id) wanted.told(performance.now())
  }
}
const reading = read()

/** How long after the commit a change of a conversation is told, in milliseconds. */
async function delay(root: number, sql: string, ...values: unknown[]): Promise<number> {
  const id = `cnv_${hermesId(root)}`
  const { promise, resolve } = Promise.withResolvers<number>()
  wanted = { id, told: resolve }
  hermes.prepare(sql).run(...values)
  const committed = performance.now()
  return (await promise) - committed
}

async function times(once: (round: number) => Promise<number>): Promise<number[]> {
  const all: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    all.push(await once(round))
    // Changes come at any moment of whatever is done in turns.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000))
  }
  return all
}

// Until all of it was looked at once.
await segue.domain.profile.hermes?.catchUp()
const newest = sessions - 4 - ((sessions - 4) % 6) // a root
await delay(newest, 'UPDATE sessions SET title = ? WHERE id = ?', 'Ready', hermesId(newest))

/** One that continues nothing, in the middle of the file. */
const lone = (round: number): number => Math.floor(sessions / 2 / 6) * 6 + 6 * round
const message = 'INSERT INTO messages (session_id, role, content, timestamp) VALUES (?, ?, ?, ?)'
const title = 'UPDATE sessions SET title = ? WHERE id = ?'
const figures = {
  'a message in an old session': await times((round) =>
    delay(lone(round), message, hermesId(lone(round)), 'user', 'More', begun + sessions * 2 + round),
  ),
  'the title of one of the newest': await times((round) => delay(newest, title, `Newest ${round}`, hermesId(newest))),
  'the title of an old one': await times((round) => delay(lone(round), title, `Old ${round}`, hermesId(lone(round)))),
}
for (const [name, values] of Object.entries(figures)) {
  print(name, { 'median, ms': percentile(values, 0.5), 'longest, ms': Math.max(...values) })
}
const least: number[] = []
for (let round = 0; round < 100; round += 1) {
  const start = performance.now()
  hermes.prepare(title).run(`Least ${round}`, hermesId(lone(1)))
  least.push(performance.now() - start)
}
print('a bare commit', { 'median, ms': percentile(least, 0.5) })
hermes.close()
await told.return?.()
await reading
