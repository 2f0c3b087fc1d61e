import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { HermesSessionReader } from '../../../src/hermes/hermes-session-reader.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { newDb, newStatePath, newReader } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import type { ConversationChange } from '../../../src/storage/sessions/conversation-reader.ts'

type Changes = readonly ConversationChange[] | null

/** A reader that is in step with its file, and what it reports from then on. */
function newSynchronizedReader(journal: 'wal' | 'delete' = 'wal') {
  const hermes = newDb(undefined, 'newest', journal)
  hermes.addSession('s')
  hermes.addMessage('s', 1)
  const reported: Changes[] = []
  const { reader } = newReader(hermes.path, 0, { onConversationsChanged: (changes) => reported.push(changes) })
  reader.refresh()
  reported.length = 0
  return { hermes, reader, reported }
}

const ofSession = { rootId: 's', before: 'thisSource', after: 'thisSource' }

test.each<[string, (hermes: HermesDb) => unknown]>([
  ['a message', (hermes) => hermes.addMessage('s', 2)],
  ['a title', ({ db }) => db.exec("UPDATE sessions SET title = 'New' WHERE id = 's'")],
  ['another model', ({ db }) => db.exec("UPDATE sessions SET model = 'new' WHERE id = 's'")],
  ['a number of tokens', ({ db }) => db.exec("UPDATE sessions SET output_tokens = 7 WHERE id = 's'")],
  ['an end', ({ db }) => db.exec("UPDATE sessions SET ended_at = 3, end_reason = 'user_exit' WHERE id = 's'")],
  ['another number of messages', ({ db }) => db.exec("UPDATE sessions SET message_count = 7 WHERE id = 's'")],
])('%s is reported once, as a change of its conversation alone', (_, write) => {
  const { hermes, reader, reported } = newSynchronizedReader()
  hermes.addSession('other')
  hermes.addMessage('other', 1)
  reader.refresh()
  reported.length = 0
  write(hermes)
  while (reader.runMaintenance());
  reader.refresh()
  expect(reported).toEqual([[ofSession]])
})

test('the changes that one call finds are reported together', () => {
  const { hermes, reader, reported } = newSynchronizedReader()
  hermes.transaction(() => {
    hermes.addSession('t')
    hermes.addMessage('t', 2)
    hermes.addMessage('s', 3)
  })
  reader.refresh()
  expect(reported).toHaveLength(1)
  expect(reported.flat()).toEqual(
    expect.arrayContaining([ofSession, { rootId: 't', before: null, after: 'thisSource' }]),
  )
})

test('after a lock that cost a call its result, any conversation may have changed', () => {
  const { hermes, reader, reported } = newSynchronizedReader('delete')
  hermes.db.exec('BEGIN EXCLUSIVE')
  expect(reader.findConversationsBySession(['s'])).toEqual(new Map())
  reader.runMaintenance()
  expect(reported).toEqual([])
  hermes.db.exec('COMMIT')
  reader.runMaintenance()
  expect(reported).toEqual([null])
})

test('when the file disappears and when it is back, any conversation may have changed', () => {
  const { hermes, reader, reported } = newSynchronizedReader()
  renameSync(hermes.path, `${hermes.path}.away`)
  reader.runMaintenance()
  expect(reported.splice(0)).toEqual([null])
  renameSync(`${hermes.path}.away`, hermes.path)
  reader.runMaintenance()
  expect(reported).toEqual([null])
})

test('without a home of Hermes no worker runs; once there is one, any conversation may have changed', async () => {
  const hermesPath = `${dirname(newStatePath())}/later/state.db`
  const log = new RecordingLogger()
  const sessions = new HermesSessionReader({ path: hermesPath, profile: 'default', log })
  onTestFinished(() => sessions.close())
  const reported: Changes[] = []
  sessions.onConversationsChanged((changes) => reported.push(changes))
  sessions.warmUp()
  await sessions.refresh()
  expect(await sessions.findConversationsBySession(['s'])).toEqual(new Map())
  // A worker would log that the file does not exist.
  expect(log.lines).toEqual([])
  mkdirSync(dirname(hermesPath))
  const hermes = newDb(hermesPath)
  hermes.addSession('s')
  hermes.addMessage('s', 1)
  await waitUntil(() => reported.includes(null))
  expect((await sessions.findConversationsBySession(['s'])).get('s')).toMatchObject({ rootId: 's' })
})
