import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HermesSessionReader } from '../../../src/hermes/hermes-session-reader.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { newDb, newStatePath, newReader } from '../../support/hermes/reading.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import type { ConversationChange } from '../../../src/storage/conversation-reader.ts'

type Changed = readonly ConversationChange[] | null

/** A reader that has looked at everything, and what it tells from then on. */
function newFollowed(journal: 'wal' | 'delete' = 'wal') {
  const hermes = newDb(undefined, 'newest', journal)
  hermes.addSession('s')
  hermes.addMessage('s', 1)
  const told: Changed[] = []
  const { reader } = newReader(hermes.path, 0, { onConversationsChanged: (changed) => told.push(changed) })
  reader.refresh()
  told.length = 0
  return { hermes, reader, told }
}

const change = { rootId: 's', before: 'here', after: 'here' }

test.each<[string, (hermes: HermesDb) => unknown]>([
  ['a message', (hermes) => hermes.addMessage('s', 2)],
  ['a title', ({ db }) => db.exec("UPDATE sessions SET title = 'New' WHERE id = 's'")],
  ['another model', ({ db }) => db.exec("UPDATE sessions SET model = 'new' WHERE id = 's'")],
  ['tokens that were used', ({ db }) => db.exec("UPDATE sessions SET output_tokens = 7 WHERE id = 's'")],
  ['an end', ({ db }) => db.exec("UPDATE sessions SET ended_at = 3, end_reason = 'user_exit' WHERE id = 's'")],
  ['another count of messages', ({ db }) => db.exec("UPDATE sessions SET message_count = 7 WHERE id = 's'")],
])('of %s is told, once, and of nothing else', (_, write) => {
  const { hermes, reader, told } = newFollowed()
  hermes.addSession('other')
  hermes.addMessage('other', 1)
  reader.refresh()
  told.length = 0
  write(hermes)
  while (reader.runMaintenance());
  reader.refresh()
  expect(told).toEqual([[change]])
})

test('what one look finds is told at once, of every conversation', () => {
  const { hermes, reader, told } = newFollowed()
  hermes.transaction(() => {
    hermes.addSession('t')
    hermes.addMessage('t', 2)
    hermes.addMessage('s', 3)
  })
  reader.refresh()
  expect(told).toHaveLength(1)
  expect(told.flat()).toEqual(expect.arrayContaining([change, { rootId: 't', before: null, after: 'here' }]))
})

test('after a lock that somebody was not answered for, any may have changed', () => {
  const { hermes, reader, told } = newFollowed('delete')
  hermes.db.exec('BEGIN EXCLUSIVE')
  expect(reader.findConversationsBySession(['s'])).toEqual(new Map())
  reader.runMaintenance()
  expect(told).toEqual([])
  hermes.db.exec('COMMIT')
  reader.runMaintenance()
  expect(told).toEqual([null])
})

test('when the file goes, and when it is back, any may have changed', () => {
  const { hermes, reader, told } = newFollowed()
  renameSync(hermes.path, `${hermes.path}.away`)
  reader.runMaintenance()
  expect(told.splice(0)).toEqual([null])
  renameSync(`${hermes.path}.away`, hermes.path)
  reader.runMaintenance()
  expect(told).toEqual([null])
})

test('without a Hermes home there is no thread; once there is one, any may have changed', async () => {
  const hermesPath = `${dirname(newStatePath())}/later/state.db`
  const log = new RecordingLogger()
  const sessions = new HermesSessionReader({ path: hermesPath, profile: 'default', log })
  onTestFinished(() => sessions.close())
  const told: Changed[] = []
  sessions.onConversationsChanged((changed) => told.push(changed))
  sessions.warmUp()
  await sessions.refresh()
  expect(await sessions.findConversationsBySession(['s'])).toEqual(new Map())
  // Whoever had started a thread would have had it look for the file, and say so.
  expect(log.lines).toEqual([])
  mkdirSync(dirname(hermesPath))
  const hermes = newDb(hermesPath)
  hermes.addSession('s')
  hermes.addMessage('s', 1)
  await waitUntil(() => told.includes(null))
  expect((await sessions.findConversationsBySession(['s'])).get('s')).toMatchObject({ rootId: 's' })
})
