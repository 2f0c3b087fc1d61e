import fc from 'fast-check'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migratedTables } from '../../../src/storage/migration/migrated-tables.ts'
import { writeRandomHome } from '../../support/migration/random-home.ts'
import { runMigration } from '../../support/migration/run-migration.ts'
import { listColumns, listPostgresTables, readStoredRows } from '../../support/migration/stored-rows.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newTempFolder } from '../../support/server/segue.ts'

const rounds = Number(process.env['MIGRATION_ROUNDS'] ?? 5)

test('every table and column of SQLite is copied, but for what is derived from them', () => {
  const home = newTempFolder()
  writeRandomHome(home, 1)
  const copied = Object.fromEntries(migratedTables.map(({ name, columns }) => [name, Object.keys(columns).toSorted()]))
  const stored = Object.entries(listColumns(join(home, 'segue.db'))).map(([table, columns]) => {
    // Nothing writes these any more.
    const unused = table === 'streams' ? ['key', 'fingerprint'] : []
    return [table, columns.filter((column) => !unused.includes(column)).toSorted()] as const
  })
  expect(Object.fromEntries(stored)).toEqual(copied)
})

test('every table of PostgreSQL with rows of profiles is copied, but for what is derived, or of running processes', async () => {
  // A column of the profile there.
  const names = migratedTables.map(({ name }) => name).filter((name) => name !== 'read_marks_start')
  expect(await listPostgresTables(await useTestDatabase())).toEqual(names.toSorted())
})

test(
  'a home that was copied to a database and back is the same, whatever its rows are',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const [home, back] = [newTempFolder(), newTempFolder()]
        writeRandomHome(home, seed)
        const url = await useTestDatabase()
        const before = ['default', 'work'].map((profile) => readStoredRows(home, profile))
        const there = await runMigration({ home, url, isToDatabase: true })
        const andBack = await runMigration({ home: back, url, isToDatabase: false })
        expect(andBack).toEqual(there)
        expect(['default', 'work'].map((profile) => readStoredRows(back, profile))).toEqual(before)
        expect(['default', 'work'].map((profile) => readStoredRows(home, profile))).toEqual(before)
        expect(there.every(({ count }) => count > 0)).toBe(true)
      }),
      { numRuns: rounds },
    )
  },
)
