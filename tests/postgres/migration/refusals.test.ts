import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockHome } from '../../../src/storage/sqlite/database/home-lock.ts'
import { writeRandomHome } from '../../support/migration/random-home.ts'
import { runMigration } from '../../support/migration/run-migration.ts'
import { readStoredRows } from '../../support/migration/stored-rows.ts'
import { startOnPostgres } from '../../support/postgres/start-on-postgres.ts'
import { openTestInstallation } from '../../support/postgres/test-installation.ts'
import { createTestDatabase, runSql, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newTempFolder } from '../../support/server/segue.ts'

/** A home with chats, and a database with the same. */
async function newMigrated(): Promise<{ home: string; url: string }> {
  const [home, url] = [newTempFolder(), await useTestDatabase()]
  writeRandomHome(home, 7)
  await runMigration({ home, url, isToDatabase: true })
  return { home, url }
}

test('a home that a server uses is not copied', async () => {
  const [home, url] = [newTempFolder(), await useTestDatabase()]
  writeRandomHome(home, 1)
  const lock = lockHome(home)
  await expect(runMigration({ home, url, isToDatabase: true })).rejects.toThrow('Another Segue server uses the home')
  await expect(runMigration({ home, url, isToDatabase: false })).rejects.toThrow('Another Segue server uses the home')
  lock.release()
})

test('a database that servers use is neither copied nor written to', async () => {
  const [home, url] = [newTempFolder(), await useTestDatabase()]
  await using _ = await startOnPostgres(url)
  for (const isToDatabase of [true, false])
    await expect(runMigration({ home, url, isToDatabase })).rejects.toThrow(
      'Servers use the schema segue of the database, or another migration does.',
    )
  expect(readdirSync(home).filter((name) => name !== 'lock.db')).toEqual([])
})

test('a server that starts while everything is copied waits, and has all of it', async () => {
  const [home, url] = [newTempFolder(), await useTestDatabase()]
  writeRandomHome(home, 2)
  const started: Promise<unknown>[] = []
  const profiles: string[] = []
  await runMigration({
    home,
    url,
    isToDatabase: true,
    onProgress: (step) => {
      if (step > 1) return
      const opened = openTestInstallation(url).then(async (installation) => {
        profiles.push(...(await installation.listProfiles()))
      })
      started.push(opened)
    },
  })
  await Promise.all(started)
  expect(profiles).toEqual(['default', 'work'])
})

test('nothing is added to a database or to a home that has chats', async () => {
  const { home, url } = await newMigrated()
  const before = readStoredRows(home, 'work')
  await expect(runMigration({ home, url, isToDatabase: true })).rejects.toThrow(
    'The schema segue of the database has profiles already.',
  )
  await expect(runMigration({ home, url, isToDatabase: false })).rejects.toThrow(
    `The home ${home} has chats already: ${join(home, 'segue.db')}.`,
  )
  expect(readStoredRows(home, 'work')).toEqual(before)
})

test('the configuration of a home stays when a database is copied to it', async () => {
  const { home, url } = await newMigrated()
  const back = newTempFolder()
  mkdirSync(join(back, 'profiles', 'work', 'files'), { recursive: true })
  writeFileSync(join(back, 'config.json'), '{}')
  writeFileSync(join(back, 'profiles', 'work', 'config.json'), '{}')
  await runMigration({ home: back, url, isToDatabase: false })
  expect(readStoredRows(back, 'work')).toEqual(readStoredRows(home, 'work'))
  expect(existsSync(join(back, 'config.json'))).toBe(true)
  expect(existsSync(join(back, 'profiles', 'work', 'config.json'))).toBe(true)
})

test('a database without tables is no source, and a home that does not exist neither', async () => {
  const url = await createTestDatabase()
  await expect(runMigration({ home: newTempFolder(), url, isToDatabase: false })).rejects.toThrow(
    'The database has no tables of Segue in the schema segue.',
  )
  await expect(runMigration({ home: join(newTempFolder(), 'none'), url, isToDatabase: true })).rejects.toThrow(
    /The home .*none does not exist/,
  )
})

test('a database of an older version is no source, and one of a newer version neither', async () => {
  const url = await createTestDatabase()
  const home = newTempFolder()
  writeRandomHome(home, 3)
  await runMigration({ home, url, isToDatabase: true })
  await runSql(url, 'UPDATE segue.schema_version SET version = version - 1')
  const back = { home: newTempFolder(), url, isToDatabase: false }
  await expect(runMigration(back)).rejects.toThrow('was written by an older Segue')
  await runSql(url, 'UPDATE segue.schema_version SET version = 1000')
  await expect(runMigration(back)).rejects.toThrow('has version 1000')
})
