import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { HermesSearchSource } from '../../../src/hermes/search/hermes-search.ts'
import { StateDatabase } from '../../../src/hermes/state/state-database.ts'
import { SearchQuery } from '../../../src/search/search-query.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { firstPage, lastPage, newDb, newReader, newStatePath } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

/** Two sessions of two messages, the second of which continues the first one. */
function newConversation(): HermesDb {
  const hermes = newDb()
  hermes.addSession('first', { end_reason: 'cli_close', ended_at: 3 })
  hermes.addSession('second', { started_at: 4, parent_session_id: 'first' })
  for (const [index, id] of ['first', 'first', 'second', 'second'].entries())
    hermes.addMessage(id, index + 1, { content: `text ${index + 1}` })
  hermes.db.exec('PRAGMA foreign_keys = OFF')
  return hermes
}

/** Replaces a table by one with other definitions of its columns. */
function redefine(hermes: HermesDb, table: 'sessions' | 'messages', idType: string, options = ''): void {
  const names = [...hermes.columnNames(table)]
  const columns = names.map((name) => (name === 'id' ? `id ${idType}` : name)).join(', ')
  hermes.db.exec(`
    ALTER TABLE ${table} RENAME TO old_${table};
    CREATE TABLE ${table} (${columns}) ${options};
    INSERT INTO ${table} SELECT ${names.join(', ')} FROM old_${table};
    DROP TABLE old_${table};`)
}

test.each<[string, (hermes: HermesDb) => void]>([
  ['without rowids', (hermes) => redefine(hermes, 'sessions', 'TEXT PRIMARY KEY', 'WITHOUT ROWID')],
  [
    'that are views',
    ({ db }) =>
      db.exec(`
        ALTER TABLE sessions RENAME TO all_sessions; CREATE VIEW sessions AS SELECT * FROM all_sessions;
        ALTER TABLE messages RENAME TO all_messages; CREATE VIEW messages AS SELECT * FROM all_messages;`),
  ],
  [
    'with columns in capitals',
    ({ db }) =>
      db.exec(`
        ALTER TABLE sessions RENAME COLUMN parent_session_id TO PARENT_SESSION_ID;
        ALTER TABLE messages RENAME COLUMN role TO ROLE;
        ALTER TABLE messages RENAME COLUMN content TO Content;`),
  ],
  [
    'with generated columns',
    ({ db }) =>
      db.exec(`
        ALTER TABLE messages RENAME COLUMN content TO stored;
        ALTER TABLE messages ADD COLUMN content TEXT GENERATED ALWAYS AS (stored) VIRTUAL;`),
  ],
])('tables %s are listed and searched, and new sessions are noticed', (_, alter) => {
  const hermes = newConversation()
  alter(hermes)
  const { reader, log } = newReader(hermes.path)
  const listIds = () => reader.listSessions(firstPage(9), {}).map(({ id }) => id)
  expect(listIds()).toEqual(['second', 'first'])
  expect(reader.listConversations(firstPage(9), {})?.conversations).toMatchObject([
    { rootId: 'first', tipId: 'second' },
  ])
  expect(reader.listMessages('first', firstPage(9)).map(({ parts }) => parts)).toEqual([
    [{ type: 'text', text: 'text 1' }],
    [{ type: 'text', text: 'text 2' }],
  ])
  if (!hermes.db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'view'").get()) {
    hermes.addSession('a third', { started_at: 9, title: 'text' })
    expect(listIds()).toEqual(['a third', 'second', 'first'])
    hermes.db.exec("DELETE FROM sessions WHERE id = 'second'")
    expect(listIds()).toEqual(['a third', 'first'])
    expect(search(hermes.path, 'text')).toEqual([null, 'first:2', 'first:1'])
  }
  expect(log).toEqual([])
})

/** The message of each hit; null for a title. */
function search(path: string, text: string): (string | null)[] {
  const source = new HermesSearchSource(
    new StateDatabase({ path, lockTimeoutMs: 0, log: new RecordingLogger() }),
    'default',
  )
  const results = [...source.search(new SearchQuery(text), {}, { after: null, before: null, backwards: false })]
  source.close()
  return results.flatMap((result) => ('match' in result ? [result.match.messageId] : []))
}

test.each<[string, string]>([
  ['beyond 2^53', "UPDATE messages SET id = 9007199254740993 WHERE content = 'text 2'"],
  ['that is null', "UPDATE messages SET id = NULL WHERE content = 'text 2'"],
  ['that is a text', "UPDATE messages SET id = 'x' WHERE content = 'text 2'"],
])('a row with an id %s costs itself alone', (_, sql) => {
  const hermes = newConversation()
  redefine(hermes, 'messages', '')
  hermes.addMessage('first', 9, { id: 5, content: 'text 5' })
  hermes.db.exec(sql)
  const { reader } = newReader(hermes.path)
  const expected = ['first:1', 'first:5']
  expect(reader.listMessages('first', firstPage(2)).map(({ id }) => id)).toEqual(expected)
  expect(reader.listMessages('first', lastPage(2)).map(({ id }) => id)).toEqual(expected)
  expect(reader.countMessages(['first'])).toEqual(new Map([['first', 2]]))
})

test('a message with a negative id is found by it', () => {
  const hermes = newDb()
  hermes.addSession('s')
  hermes.addMessage('s', 1, { id: -7, content: 'below zero' })
  const { reader } = newReader(hermes.path)
  expect(reader.listMessages('s', firstPage(5)).map(({ id }) => id)).toEqual(['s:-7'])
  expect(reader.findMessage('s:-7')).toMatchObject({ id: 's:-7' })
})

test('a message without a role is found like any other one', () => {
  const hermes = newConversation()
  redefine(hermes, 'messages', 'INTEGER PRIMARY KEY')
  hermes.db.exec("UPDATE messages SET role = NULL WHERE content = 'text 1'")
  expect(newReader(hermes.path).reader.listMessages('first', firstPage(5))).toHaveLength(2)
  expect(search(hermes.path, '"text 1"')).toEqual(['first:1'])
})

test('a pipe in place of the file is logged, and nobody waits for its writer', () => {
  const path = newStatePath()
  execFileSync('mkfifo', [path])
  const { reader, log } = newReader(path)
  expect(reader.listSessions(firstPage(5), {})).toEqual([])
  expect(log).toEqual([expect.stringMatching(/^warn: .*cannot be opened/)])
})
