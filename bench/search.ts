// Measures search over 1,000,000 messages: its time, the delay of tokens that are committed meanwhile, and the cost of the
// index in space, per commit and at the first start. The baselines are a bare FTS5 query, tokens without a search, and a
// bare commit. Usage: npm run bench -- search [messages]
import Database from 'better-sqlite3'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newId } from '../src/lib/ids.ts'
import { openProfileStorage } from '../src/services/storage/open-profile-storage.ts'
import { newSession } from '../src/sessions/new-session.ts'
import type { ChatEvent } from '../src/model/chat-event.ts'
import { SearchQuery } from '../src/search/search-query.ts'
import { SegueProfileDatabase } from '../src/storage/sqlite/segue-profile-database.ts'
import { migrations } from '../src/storage/sqlite/database/migrations.ts'
import { toFtsExpression } from '../src/storage/sqlite/search/fts-expression.ts'
import { newTempFolder } from '../tests/support/server/segue.ts'
import { newTextMessage } from '../tests/support/search/search-fixture.ts'
import { messageToRow } from '../src/storage/rows/message-row.ts'
import { sessionToRow } from '../src/storage/rows/session-row.ts'
import { percentile, printFigures } from './support/figures.ts'

const messages = Number(process.argv[2] ?? 1_000_000)
const messagesPerSession = 10
const home = newTempFolder()
const path = join(home, 'segue.db')
process.on('exit', () => rmSync(home, { recursive: true, force: true }))

/** Words with a Zipf distribution: the n-th word is n times rarer than the first. */
const vocabulary = Array.from({ length: 50_000 }, (_, index) => buildWord(index))
function buildWord(index: number): string {
  const syllables = ['ka', 'to', 'mi', 'ren', 'sol', 'du', 'ver', 'pin', 'lo', 'gas']
  return [...String(index + 10)].map((digit) => syllables[Number(digit)]).join('')
}
const anyWord = (): string => vocabulary[Math.floor(vocabulary.length ** Math.random()) - 1] ?? ''
const anyText = (): string => Array.from({ length: 10 + Math.floor(Math.random() * 70) }, anyWord).join(' ')

/** Creates a database of a version without a search index. Returns the length of all texts. */
function seedDatabase(): number {
  mkdirSync(home, { recursive: true })
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  const oldMigrations = migrations.slice(
    0,
    migrations.findIndex((sql) => sql.includes('VIRTUAL TABLE message_index')),
  )
  for (const sql of oldMigrations) db.exec(sql)
  db.pragma(`user_version = ${oldMigrations.length}`)
  const inserts = new Map<string, Database.Statement>()
  const insert = (table: string, row: object): void => {
    if (!inserts.has(table)) {
      // Rows may have columns that this version lacks.
      const columns = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
      const names = Object.keys(row).filter((name) => columns.includes(name))
      const values = names.map((name) => `:${name}`)
      inserts.set(table, db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`))
    }
    inserts.get(table)?.run(row)
  }
  let units = 0
  const insertBatch = db.transaction((from: number) => {
    for (let count = from; count < from + 10_000; count += messagesPerSession) {
      const at = 1_600_000_000_000 + count * 1000
      const session = newSession({
        profile: 'default',
        title: anyText().slice(0, 40),
        titleSource: 'MODEL',
        model: null,
        at,
      })
      insert('sessions', sessionToRow(session))
      for (let position = 0; position < messagesPerSession; position += 1) {
        const text = anyText()
        units += text.length
        insert('messages', messageToRow(newTextMessage(session.id, text, at + position), 'default'))
      }
    }
  })
  for (let from = 0; from < messages; from += 10_000) insertBatch(from)
  db.close()
  return units
}

/** The size of the file in bytes, without free pages. */
function measureDatabaseBytes(): number {
  const db = new Database(path)
  db.exec('VACUUM')
  db.close()
  return statSync(path).size
}

const units = seedDatabase()
const sizeBefore = measureDatabaseBytes()
let startedAt = performance.now()
const database = new SegueProfileDatabase(path)
const openMs = performance.now() - startedAt
startedAt = performance.now()
const slices: number[] = []
for (let isLeft = true; isLeft;) {
  const slice = performance.now()
  isLeft = database.transaction(() => database.searchIndex.backfill())
  slices.push(performance.now() - slice)
}
const indexingMs = performance.now() - startedAt
database.close()
printFigures(`indexing ${messages} existing messages`, {
  'start, ms': openMs,
  'indexing without pauses, s': indexingMs / 1000,
  'slice, median, ms': percentile(slices, 0.5),
  'slice, p99.9, ms': percentile(slices, 0.999),
  'size of the index, ratio to the text': (measureDatabaseBytes() - sizeBefore) / units,
})

const profile = openProfileStorage({ home, hermesHome: null, durable: false, log: console })
const bareDatabase = new Database(path, { readonly: true })
const lookUp = bareDatabase.prepare(
  'SELECT rowid FROM message_index WHERE message_index MATCH ? ORDER BY rowid LIMIT 51',
)
const neverAborted = new AbortController().signal
const find = (query: string) =>
  profile.search.find({ query, filter: {}, after: null, before: null, limit: 51, backwards: false }, neverAborted)
await find('start')
const kinds: Record<string, string> = {
  'a common word': vocabulary[0] ?? '',
  'a rare word': vocabulary.at(-1) ?? '',
  'two common words': vocabulary.slice(0, 2).join(' '),
  'a prefix of many words': 'mik',
  'a common word and a rare one': `${vocabulary[0]} ${vocabulary.at(-7)}`,
  'words of which one does not occur': `${vocabulary[0]} ${vocabulary[1]} nowhere`,
}
for (const [kind, words] of Object.entries(kinds)) {
  const query = new SearchQuery(words)
  const [timesMs, baselineMs]: [number[], number[]] = [[], []]
  let hits = 0
  for (let count = 0; count < 30; count += 1) {
    const searchStartedAt = performance.now()
    hits = (await find(words)).hits.length
    timesMs.push(performance.now() - searchStartedAt)
    const baselineStartedAt = performance.now()
    lookUp.all(toFtsExpression(query, 'TITLE'))
    baselineMs.push(performance.now() - baselineStartedAt)
  }
  printFigures(`${kind}: ${words}`, {
    hits,
    'median, ms': percentile(timesMs, 0.5),
    'p95, ms': percentile(timesMs, 0.95),
    'bare FTS5 query, median, ms': percentile(baselineMs, 0.5),
    'ratio of the medians': percentile(timesMs, 0.5) / percentile(baselineMs, 0.5),
  })
}

const session = newSession({ profile: 'default', title: null, titleSource: null, model: null, at: Date.now() })
await profile.eventStore.createSession({ session, messages: [] })
const sessionId = session.id
let headSeq = 0

/** Commits a token every 5 ms for 20 s. Resolves to the delays between their arrival and their commit, in ms. */
async function measureTokenDelays(): Promise<number[]> {
  const delays: number[] = []
  const start = performance.now()
  for (let due = start; due < start + 20_000; due += 5) {
    const remainingMs = due - performance.now()
    // A late token does not postpone the next one.
    if (remainingMs > 0) await delay(remainingMs)
    const token: ChatEvent = {
      type: 'TextDelta',
      seq: headSeq + 1,
      at: Date.now(),
      sessionId,
      streamId: 'str',
      messageId: 'msg',
      partIndex: 0,
      offset: headSeq * 5,
      text: 'word ',
    }
    await profile.eventStore.append({ sessionId, expectedHeadSeq: headSeq, events: [token] })
    headSeq += 1
    delays.push(performance.now() - due)
  }
  return delays
}
const queries = Object.values(kinds)

/** Measures the same during searches without a pause. */
async function measureTokenDelaysDuring(search: () => Promise<unknown>): Promise<number[]> {
  const stop = new AbortController()
  const searching = (async () => {
    while (!stop.signal.aborted) await search()
  })()
  const delays = await measureTokenDelays()
  stop.abort()
  await searching
  return delays
}
const idleDelays = await measureTokenDelays()
let turn = 0
const delaysDuringOne = await measureTokenDelaysDuring(() => find(queries[turn++ % queries.length] ?? ''))
const delaysDuringSix = await measureTokenDelaysDuring(() => Promise.all(queries.map(find)))

const plainDatabase = new Database(join(home, 'plain.db'))
plainDatabase.pragma('journal_mode = WAL')
plainDatabase.pragma('synchronous = NORMAL')
plainDatabase.exec('CREATE TABLE messages (id TEXT PRIMARY KEY, text TEXT)')
const insert = plainDatabase.prepare('INSERT INTO messages VALUES (?, ?)')
const [commitsMs, bareCommitsMs]: [number[], number[]] = [[], []]
for (let count = 0; count < 5000; count += 1) {
  const message = newTextMessage(session.id, anyText(), count + 1)
  const commitStartedAt = performance.now()
  await profile.eventStore.append({ sessionId, expectedHeadSeq: headSeq, events: [], messages: [message] })
  commitsMs.push(performance.now() - commitStartedAt)
  const bareStartedAt = performance.now()
  insert.run(newId('message'), JSON.stringify(message.parts))
  bareCommitsMs.push(performance.now() - bareStartedAt)
}
printFigures('other work', {
  'token without searches, p99.9, ms': percentile(idleDelays, 0.999),
  'token without searches, longest, ms': Math.max(...idleDelays),
  'token during one search, p99.9, ms': percentile(delaysDuringOne, 0.999),
  'token during one search, longest, ms': Math.max(...delaysDuringOne),
  'token during six searches, p99.9, ms': percentile(delaysDuringSix, 0.999),
  'token during six searches, longest, ms': Math.max(...delaysDuringSix),
  'commit of a message, median, ms': percentile(commitsMs, 0.5),
  'commit of a message, p99.9, ms': percentile(commitsMs, 0.999),
  'bare commit of a row, median, ms': percentile(bareCommitsMs, 0.5),
  'bare commit of a row, p99.9, ms': percentile(bareCommitsMs, 0.999),
})
await profile.close()
process.exit(0)
