import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockHome } from '../../../src/storage/sqlite/database/home-lock.ts'
import { writeRandomHome } from '../../support/migration/random-home.ts'
import { runMigration, startMigration } from '../../support/migration/run-migration.ts'
import { readStoredRows } from '../../support/migration/stored-rows.ts'
import { openTestInstallation } from '../../support/postgres/test-installation.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { runToEnd } from '../../support/server/server-process.ts'

/** Steps of a migration of such a home, at which it fails. Fewer than it has. */
const failingSteps = [1, 5, 12, 20, 30, 45, 60, 79]

const failAt =
  (failing: number) =>
  (step: number): void => {
    if (step === failing) throw new Error(`failed at step ${step}`)
  }

test('a migration to a database that fails leaves it empty, and can be repeated', async () => {
  const [home, url] = [newTempFolder(), await useTestDatabase()]
  writeRandomHome(home, 4)
  const before = readStoredRows(home, 'work')
  for (const step of failingSteps) {
    await expect(runMigration({ home, url, isToDatabase: true, onProgress: failAt(step) })).rejects.toThrow('failed at')
    const installation = await openTestInstallation(url)
    expect(await installation.listProfiles()).toEqual([])
    await installation.close()
    expect(readStoredRows(home, 'work')).toEqual(before)
  }
  await runMigration({ home, url, isToDatabase: true })
})

test('a migration to a home that fails leaves it empty, and can be repeated', async () => {
  const { home, back, url } = await newMigrated()
  for (const step of failingSteps) {
    await expect(runMigration({ home: back, url, isToDatabase: false, onProgress: failAt(step) })).rejects.toThrow(
      'failed',
    )
    expect(existsSync(join(back, 'segue.db')) || existsSync(join(back, '.migration'))).toBe(false)
    lockHome(back).release()
  }
  await runMigration({ home: back, url, isToDatabase: false })
  expect(readStoredRows(back, 'default')).toEqual(readStoredRows(home, 'default'))
})

test(
  'a migration that is killed leaves a database without profiles, and is repeated',
  { timeout: 60_000 },
  async () => {
    const [home, url] = [newTempFolder(), await useTestDatabase()]
    writeRandomHome(home, 6)
    const before = readStoredRows(home, 'work')
    const migration = await startMigration(url, ['--to', url, '--home', home])
    await migration.end('SIGKILL')
    const installation = await openTestInstallation(url)
    expect(await installation.listProfiles()).toEqual([])
    await installation.close()
    expect(readStoredRows(home, 'work')).toEqual(before)
    await runMigration({ home, url, isToDatabase: true })
  },
)

test(
  'no server starts in a home after a migration to it was killed, and it is repeated',
  { timeout: 60_000 },
  async () => {
    const { home, back, url } = await newMigrated()
    const migration = await startMigration(url, ['--from', url, '--home', back])
    await migration.end('SIGKILL')
    await expectRefused(back)
    await runMigration({ home: back, url, isToDatabase: false })
    lockHome(back).release()
    expect(readStoredRows(back, 'work')).toEqual(readStoredRows(home, 'work'))
  },
)

test('a migration that is stopped by a signal says so', { timeout: 60_000 }, async () => {
  const { back, url } = await newMigrated()
  const migration = await startMigration(url, ['--from', url, '--home', back])
  expect(await migration.end('SIGINT')).toEqual({
    code: 1,
    stderr: 'The migration was interrupted. Nothing has changed.\n',
  })
  expect(existsSync(join(back, '.migration'))).toBe(false)
})

const parts = ['segue.db', 'files', 'profiles/work/segue.db', 'profiles/work/files']

test('no server starts in a home in which only a part was put in place, and it is repeated', async () => {
  const { home, back, url } = await newMigrated()
  for (let count = 0; count <= parts.length; count += 1) {
    await runMigration({ home: back, url, isToDatabase: false })
    // As if it had been killed when it had put so many parts in place.
    const folder = join(back, '.migration')
    mkdirSync(join(folder, 'profiles', 'work'), { recursive: true })
    for (const part of parts.slice(count)) renameSync(join(back, part), join(folder, part))
    writeFileSync(join(folder, 'placed.json'), JSON.stringify(parts))
    await expectRefused(back)
    await runMigration({ home: back, url, isToDatabase: false })
    expect(readStoredRows(back, 'work')).toEqual(readStoredRows(home, 'work'))
    for (const part of parts) rmSync(join(back, part), { recursive: true })
  }
})

async function newMigrated(): Promise<{ home: string; back: string; url: string }> {
  const [home, back, url] = [newTempFolder(), newTempFolder(), await useTestDatabase()]
  writeRandomHome(home, 5)
  await runMigration({ home, url, isToDatabase: true })
  return { home, back, url }
}

async function expectRefused(home: string): Promise<void> {
  const argv = ['--home', home, '--no-hermes', '--port', '0']
  const { code, stderr } = await runToEnd({ argv })
  expect(code).toBe(1)
  expect(stderr).toContain(`The home ${home} cannot be used: a migration into it was interrupted.`)
  const { stdout } = await runToEnd({ argv: ['doctor', '--no-hermes', '--home', home] })
  expect(stdout).toContain('A migration into the home was interrupted')
}
