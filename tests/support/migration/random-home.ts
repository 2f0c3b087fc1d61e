import { mkdirSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import fc from 'fast-check'
import { toProfileFolder } from '../../../src/profiles/profile-paths.ts'
import { openProfileDatabase } from '../../../src/storage/sqlite/database/open-profile-database.ts'
import { migratedFeeds, migratedTables } from '../../../src/storage/migration/migrated-tables.ts'

/** Texts that an engine may store in another way than it got them. */
const hostileTexts = [
  '',
  '\0',
  'a\0b',
  '\uFFFF',
  '\uFFFF0',
  '\uFFFF1\0',
  '\\',
  "'",
  'NULL',
  '{"a":"b,c"}',
  '😀',
  'é',
  'e\u0301',
  ' x ',
]
const anyText = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'grapheme', maxLength: 30 }))
const anyNumber = fc.oneof(fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER), fc.nat())

interface ColumnInfo {
  readonly name: string
  readonly type: string
  readonly notnull: number
}

/** Names of the columns whose values other rows, or the engines, give a meaning. */
type Overrides = (index: number, pick: Pick) => Readonly<Record<string, string | number | null>>

interface Pick {
  id(prefix: string): string
  flag(): number
  text(): string
}

const sessionCount = 6
const jobCount = 3

const json = (value: unknown): string => JSON.stringify(value)

/** What rows of each table must have to be stored at all: keys, references and flags. */
const overrides: Readonly<Record<string, Overrides>> = {
  sessions: (index, { flag, text }) => ({
    id: `s${index}`,
    // Settings are kept equal in a conversation: sessions that are linked would have them changed when lists are built.
    parent_session_id: `${text()}${index}`,
    forked_from: `${text()}${index}`,
    retry_of: `${text()}${index}`,
    takes_place_of: `${text()}${index}`,
    answer_failed: flag(),
    usage: json({ text: text() }),
    head_seq: 40,
    message_count: 0,
  }),
  messages: (index, { id, flag, text }) => ({
    id: `m${index}`,
    session_id: id('s'),
    position: index % 3 === 0 ? null : index,
    role: ['USER', 'ASSISTANT', 'SYSTEM'][index % 3] ?? 'USER',
    parts: index % 7 === 0 ? 'null' : json([{ type: 'text', text: text() }]),
    withdrawn: flag(),
    summary: flag(),
    stands_in: flag(),
    steering: index % 2 ? json({ streamId: text(), acceptedSeq: index, text: text() }) : null,
    kind: index % 5 === 0 ? 'SUMMARY' : null,
  }),
  streams: (index, { text }) => ({
    id: `t${index}`,
    session_id: `s${index % sessionCount}`,
    status: index < sessionCount ? 'RUNNING' : (['COMPLETE', 'QUEUED', 'FAILED'][index % 3] ?? 'QUEUED'),
    finished_at: index < sessionCount || index % 3 === 1 ? null : index,
    usage: json({ text: text() }),
  }),
  events: (index) => ({
    session_id: `s${index % sessionCount}`,
    seq: index,
    type: index % 4 ? 'TextDelta' : 'StreamFinished',
    stream_id: `t${index}`,
  }),
  decisions: (index, { id, text }) => ({
    id: `d${index}`,
    session_id: id('s'),
    change: index + 1,
    state: index % 2 ? 'PENDING' : 'APPROVED',
    body: json({ toolCall: { id: text() }, note: text() }),
  }),
  approval_rules: (index, { id }) => ({
    id: `r${index}`,
    session_id: index % 2 ? id('s') : null,
    tool: `tool${index}`,
  }),
  blob_references: (index, { id }) => ({ hash: `${index}`, session_id: id('s') }),
  context_checkpoints: (index) => ({ session_id: `s${index % sessionCount}` }),
  conversation_settings: (index, { flag }) => ({ session_id: `s${index}`, pinned: flag(), archived: flag() }),
  idempotency_keys: (index, { flag, text }) => ({ key: `${text()}${index}`, pending: flag() }),
  jobs: (index, { flag }) => ({ id: `j${index}`, recurring: flag(), enabled: flag() }),
  job_runs: (index, { id }) => ({
    id: `n${index}`,
    job_id: index < jobCount ? `j${index}` : id('j'),
    position: index,
    change: index + 1,
    scheduled_for: index % 2 ? index : null,
    finished_at: index < jobCount ? null : index,
    session_id: index % 2 ? id('s') : null,
  }),
  model_observations: (index, { text }) => ({ model: `${text()}${index}` }),
  uploads: (index) => ({ id: `u${index}` }),
  usage_sums: (index) => ({ day: index }),
}

const countByTable: Readonly<Record<string, number>> = {
  sessions: sessionCount,
  context_checkpoints: sessionCount,
  jobs: jobCount,
  events: 40,
  messages: 30,
}

/** Writes a home with rows of every kind in two profiles, and files. The same seed writes the same. */
export function writeRandomHome(home: string, seed: number): void {
  for (const [index, profile] of ['default', 'work'].entries()) {
    const folder = toProfileFolder(home, profile)
    mkdirSync(join(folder, 'files'), { recursive: true })
    const connection = openProfileDatabase(join(folder, 'segue.db'), { profile, durable: false })
    fillDatabase(connection, seed + index)
    connection.close()
    for (const [file, size] of [0, 1, 65_536, 200_000].entries()) {
      const bytes = Buffer.alloc(size, `${seed}${index}${file}`)
      writeFileSync(join(folder, 'files', createHash('sha256').update(bytes).digest('hex')), bytes)
    }
  }
}

function fillDatabase(connection: Database.Database, seed: number): void {
  const samples = createSamples(seed)
  connection.prepare('UPDATE read_marks_start SET at = ?').run(samples.number())
  for (const feed of migratedFeeds)
    connection.prepare('UPDATE change_sequences SET latest = ? WHERE feed = ?').run(samples.number(), feed)
  for (const { name } of migratedTables) {
    const override = overrides[name]
    if (!override) continue
    const columns = connection.prepare<[string], ColumnInfo>('SELECT * FROM pragma_table_info(?)').all(name)
    const values = columns.map(({ name: column }) => `@${column}`)
    const insert = connection.prepare(`INSERT INTO ${name} VALUES (${values.join(', ')})`)
    for (let index = 0; index < (countByTable[name] ?? 8); index += 1)
      insert.run({ ...randomRow(columns, samples), ...override(index, samples), ...unusedColumns(name) })
  }
}

/** Columns of earlier versions that nothing writes any more. */
const unusedColumns = (table: string) => (table === 'streams' ? { key: null, fingerprint: null } : {})

function randomRow(columns: readonly ColumnInfo[], samples: Samples): Record<string, string | number | null> {
  return Object.fromEntries(
    columns.map(({ name, type, notnull }) => {
      if (!notnull && samples.flag()) return [name, null]
      return [name, type === 'TEXT' ? samples.text() : samples.number()]
    }),
  )
}

interface Samples extends Pick {
  number(): number
}

function createSamples(seed: number): Samples {
  const count = 10_000
  const [texts, numbers] = [
    fc.sample(anyText, { seed, numRuns: count }),
    fc.sample(anyNumber, { seed, numRuns: count }),
  ]
  let next = 0
  const take = <Value>(values: readonly Value[], fallback: Value): Value => values[(next += 1) % count] ?? fallback
  return {
    text: () => take(texts, ''),
    number: () => take(numbers, 0),
    flag: () => take(numbers, 0) % 2,
    id: (prefix) => `${prefix}${take(numbers, 0) % (prefix === 's' ? sessionCount : jobCount)}`,
  }
}
