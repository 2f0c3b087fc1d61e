import Database from 'better-sqlite3'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findDamage } from '../../../../../src/storage/sqlite/maintenance/find-damage.ts'
import { repairDatabase } from '../../../../../src/storage/sqlite/maintenance/repair-database.ts'
import { openProfileDatabase } from '../../../../../src/storage/sqlite/database/open-profile-database.ts'
import { verifyDatabaseCopy } from '../../../../../src/storage/sqlite/maintenance/verify-database-copy.ts'
import { rebuildSearchIndex } from '../../../../../src/storage/sqlite/search/rebuild-search-index.ts'
import { damageTable } from '../../../../support/storage/damage-table.ts'
import { newHome } from '../../../../support/server/segue.ts'

/** The empty database of a profile, in which also what SQLite protects can be changed. */
function openUnprotected() {
  const path = join(newHome(), 'segue.db')
  const database = new Database(path)
  onTestFinished(() => void database.close())
  database.unsafeMode(true)
  return { path, database }
}

test('a sound database has no damage', () => {
  expect(findDamage(openUnprotected().database)).toEqual([])
})

test('a row that an index lacks is found, and the index is built again', async () => {
  const { path, database } = openUnprotected()
  const index = "FROM sqlite_schema WHERE name = 'entries_of_message'"
  const [schema] = database.prepare<[], Record<string, unknown>>(`SELECT * ${index}`).all()
  // While the schema lacks the index, nothing is written to it.
  database.exec(`PRAGMA writable_schema = ON; DELETE ${index}; PRAGMA writable_schema = RESET`)
  database.exec("INSERT INTO message_entries (number, id, at) VALUES (7, 'msg_1', 0)")
  database.exec('PRAGMA writable_schema = ON')
  database.prepare('INSERT INTO sqlite_schema VALUES (:type, :name, :tbl_name, :rootpage, :sql)').run(schema)
  database.exec('PRAGMA writable_schema = RESET')
  expect(findDamage(database)).toContainEqual({
    kind: 'INDEX',
    text: 'row 1 missing from index entries_of_message',
  })
  await repairDatabase(path, 'default', 'INDEX')
  expect(findDamage(database)).toEqual([])
})

test('a damaged full-text index is found, and is emptied to be built again', async () => {
  const { path, database } = openUnprotected()
  database.exec("INSERT INTO message_index (rowid, text) VALUES (7, 'orchard quince')")
  database.exec('UPDATE message_index_data SET block = zeroblob(20) WHERE id > 100')
  expect(findDamage(database)).toMatchObject([{ kind: 'SEARCH_INDEX' }])
  await repairDatabase(path, 'default', 'SEARCH_INDEX')
  expect(findDamage(database)).toEqual([])
})

test.each(['message_index_data', 'message_entries', 'entries_of_message'])(
  'a damaged page of %s, of the search index, costs nothing else',
  async (table) => {
    const path = join(newHome(), 'segue.db')
    const page = damageTable(path, table)
    expect(findDamageOf(path)).toContainEqual({
      kind: 'SEARCH_INDEX',
      text: expect.stringMatching(new RegExp(`^page ${page} of the (table|index) ${table} is damaged`)),
    })
    await repairDatabase(path, 'default', 'SEARCH_INDEX')
    expect(findDamageOf(path)).toEqual([])
  },
)

test('pages of a search index that was given up are no damage, and are removed', async () => {
  const path = join(newHome(), 'segue.db')
  damageTable(path, 'message_index_data')
  const connection = openProfileDatabase(path, { profile: 'default', durable: false })
  rebuildSearchIndex(connection)
  connection.close()
  expect(verifyDatabaseCopy(path)).toEqual([])
  const text = expect.stringMatching(/^nothing uses \d+ pages, such as those of an old search index$/)
  expect(findDamageOf(path)).toEqual([{ kind: 'UNUSED_PAGES', text }])
  await repairDatabase(path, 'default', 'UNUSED_PAGES')
  expect(findDamageOf(path)).toEqual([])
})

function findDamageOf(path: string): ReturnType<typeof findDamage> {
  const connection = new Database(path, { readonly: true })
  try {
    return findDamage(connection)
  } finally {
    connection.close()
  }
}
