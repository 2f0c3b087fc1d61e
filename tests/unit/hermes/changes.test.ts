import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openHermesSessions } from '../../../src/hermes/hermes-session-reader.ts'
import type { ChangedConversation } from '../../../src/storage/session-reader.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { until } from '../../support/wait-until.ts'
import { newDb, newLog, newPath, newReader } from '../../support/hermes/reading.ts'

type Changed = readonly ChangedConversation[] | null

/** A reader that has looked at everything, and what it tells from then on. */
function newFollowed(journal: 'wal' | 'delete' = 'wal') {
  const hermes = newDb(undefined, 'newest', journal)
  hermes.session('s')
  hermes.message('s', 1)
  const told: Changed[] = []
  const { reader } = newReader(hermes.path, 0, { onChanged: (changed) => told.push(changed) })
  reader.catchUp()
  told.length = 0
  return { hermes, reader, told }
}

const change = { rootId: 's', before: 'here', after: 'here' }

test.each<[string, (hermes: HermesDb) => unknown]>([
  ['a message', (hermes) => hermes.message('s', 2)],
  ['a title', ({ db }) => db.exec("UPDATE sessions SET title = 'New' WHERE id = 's'")],
  ['another model', ({ db }) => db.exec("UPDATE sessions SET model = 'new' WHERE id = 's'")],
  ['tokens that were used', ({ db }) => db.exec("UPDATE sessions SET output_tokens = 7 WHERE id = 's'")],
  ['an end', ({ db }) => db.exec("UPDATE sessions SET ended_at = 3, end_reason = 'user_exit' WHERE id = 's'")],
  ['another count of messages', ({ db }) => db.exec("UPDATE sessions SET message_count = 7 WHERE id = 's'")],
])('of %s is told, once, and of nothing else', (_, write) => {
  const { hermes, reader, told } = newFollowed()
  hermes.session('other')
  hermes.message('other', 1)
  reader.catchUp()
  told.length = 0
  write(hermes)
  while (reader.tend());
  reader.catchUp()
  expect(told).toEqual([[change]])
})

test('what one look finds is told at once, of every conversation', () => {
  const { hermes, reader, told } = newFollowed()
  hermes.write(() => {
    hermes.session('t')
    hermes.message('t', 2)
    hermes.message('s', 3)
  })
  reader.catchUp()
  expect(told).toHaveLength(1)
  expect(told.flat()).toEqual(expect.arrayContaining([change, { rootId: 't', before: null, after: 'here' }]))
})

test('after a lock that somebody was not answered for, any may have changed', () => {
  const { hermes, reader, told } = newFollowed('delete')
  hermes.db.exec('BEGIN EXCLUSIVE')
  expect(reader.conversationsOf(['s'])).toEqual(new Map())
  reader.tend()
  expect(told).toEqual([])
  hermes.db.exec('COMMIT')
  reader.tend()
  expect(told).toEqual([null])
})

test('when the file goes, and when it is back, any may have changed', () => {
  const { hermes, reader, told } = newFollowed()
  renameSync(hermes.path, `${hermes.path}.away`)
  reader.tend()
  expect(told.splice(0)).toEqual([null])
  renameSync(`${hermes.path}.away`, hermes.path)
  reader.tend()
  expect(told).toEqual([null])
})

test('without a Hermes home there is no thread; once there is one, any may have changed', async () => {
  const hermesPath = `${dirname(newPath())}/later/state.db`
  const log = newLog()
  const sessions = openHermesSessions({ path: hermesPath, profile: 'default', log })
  onTestFinished(() => sessions.close())
  const told: Changed[] = []
  sessions.onChanged((changed) => told.push(changed))
  sessions.warmUp()
  await sessions.catchUp()
  expect(await sessions.conversationsOf(['s'])).toEqual(new Map())
  // Whoever had started a thread would have had it look for the file, and say so.
  expect(log.lines).toEqual([])
  mkdirSync(dirname(hermesPath))
  const hermes = newDb(hermesPath)
  hermes.session('s')
  hermes.message('s', 1)
  await until(() => told.includes(null))
  expect((await sessions.conversationsOf(['s'])).get('s')).toMatchObject({ rootId: 's' })
})
