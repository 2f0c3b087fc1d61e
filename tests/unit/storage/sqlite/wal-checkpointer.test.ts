import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { openProfileStorage } from '../../../../src/services/open-profile-storage.ts'
import { newSession } from '../../../../src/sessions/new-session.ts'
import { WalCheckpointer } from '../../../../src/storage/sqlite/database/wal-checkpointer.ts'
import { newTempFolder } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'

function newHome(): string {
  const home = newTempFolder()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** How many sessions are in the file itself, its WAL left aside. */
function sessionsInFile(home: string): number {
  const copy = join(home, 'copy.db')
  copyFileSync(join(home, 'segue.db'), copy)
  const database = new Database(copy)
  try {
    const isMade = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'sessions'").get() !== undefined
    return isMade ? Number(database.prepare('SELECT count(*) FROM sessions').pluck().get()) : 0
  } finally {
    database.close()
    rmSync(copy)
  }
}

test('what was committed comes into the file while the server runs, and no commit has waited for it', async () => {
  const home = newHome()
  const profile = openProfileStorage({ home, hermesHome: null, durable: false, log: console })
  onTestFinished(() => profile.close())
  for (let count = 0; count < 300; count += 1) {
    const session = newSession({ profile: 'default', title: null, titleSource: null, model: null, at: count })
    await profile.eventStore.createSession({ session, messages: [] })
  }
  await waitUntil(
    () => sessionsInFile(home) >= 256,
    () => sessionsInFile(home),
  )
})

test('a database that is gone is no fault, and neither is an end in the midst of it', async () => {
  const checkpoints = new WalCheckpointer(join(newHome(), 'gone.db'))
  checkpoints.request()
  checkpoints.request()
  await expect(checkpoints.close()).resolves.toBeUndefined()
  checkpoints.request()
})
