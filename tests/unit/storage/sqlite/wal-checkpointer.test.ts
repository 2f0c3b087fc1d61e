import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { openProfileStorage } from '../../../../src/services/storage/open-profile-storage.ts'
import { newSession } from '../../../../src/sessions/new-session.ts'
import { DatabaseFiles } from '../../../../src/storage/sqlite/database/database-files.ts'
import { WalCheckpointer } from '../../../../src/storage/sqlite/database/wal-checkpointer.ts'
import { newTempFolder } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'

function newHome(): string {
  const home = newTempFolder()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** Counts the sessions in the database file, without its WAL. Returns null if a checkpoint is writing to the file. */
function countSessionsInFile(home: string): number | null {
  const copy = join(home, 'copy.db')
  copyFileSync(join(home, 'segue.db'), copy)
  const database = new Database(copy)
  try {
    // A copy that is made during a checkpoint can mix old and new pages.
    if (database.pragma('integrity_check', { simple: true }) !== 'ok') return null
    const hasTable = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'sessions'").get() !== undefined
    return hasTable ? Number(database.prepare('SELECT count(*) FROM sessions').pluck().get()) : 0
  } catch (error) {
    if (error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return null
    throw error
  } finally {
    database.close()
    rmSync(copy)
  }
}

test('commits reach the database file while the server runs', async () => {
  const home = newHome()
  const profile = openProfileStorage({ home, hermesHome: null, durable: false, log: console })
  onTestFinished(() => profile.close())
  for (let count = 0; count < 300; count += 1) {
    const session = newSession({ profile: 'default', title: null, titleSource: null, model: null, at: count })
    await profile.eventStore.createSession({ session, messages: [] })
  }
  await waitUntil(
    () => (countSessionsInFile(home) ?? 0) >= 256,
    () => countSessionsInFile(home),
  )
})

test('a missing database, or a close during a checkpoint, is not an error', async () => {
  const path = join(newHome(), 'gone.db')
  const checkpointer = new WalCheckpointer(path)
  const files = new DatabaseFiles(path)
  checkpointer.request(files)
  checkpointer.request(files)
  await expect(checkpointer.close()).resolves.toBeUndefined()
  checkpointer.request(files)
})
