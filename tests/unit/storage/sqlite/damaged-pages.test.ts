import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openProfileStorage } from '../../../../src/services/storage/open-profile-storage.ts'
import { StorageHealth } from '../../../../src/storage/health/storage-health.ts'
import { SegueProfileDatabase } from '../../../../src/storage/sqlite/segue-profile-database.ts'
import { BackgroundSearchIndexer } from '../../../../src/storage/sqlite/search/background-search-indexer.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { damageTable } from '../../../support/storage/damage-table.ts'
import { newHome } from '../../../support/server/segue.ts'
import { waitUntil } from '../../../support/wait-until.ts'

test('a damaged page is named in the log and in the health, and everything else can be read', async () => {
  const home = newHome()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const page = damageTable(join(home, 'segue.db'), 'events')
  const log = new RecordingLogger()
  await using resources = new AsyncDisposableStack()
  const profile = resources.adopt(openProfileStorage({ home, hermesHome: null, durable: false, log }), (opened) =>
    opened.close(),
  )
  const { health } = profile
  const reading = profile.eventStore.readEvents({ sessionId: 'x', after: 0, limit: 1 })
  await expect(reading).rejects.toMatchObject({ name: 'StorageError', failure: 'CORRUPT' })
  expect(health.problem).toMatchObject({ kind: 'CORRUPT', message: expect.stringContaining('segue doctor') })
  await waitUntil(
    () => health.problem?.message.includes(`page ${page} `) ?? false,
    () => [health.problem, log.entries],
  )
  const damage = log.entries.find(({ fields }) => 'damage' in fields)
  expect(damage).toMatchObject({ level: 'error', fields: { path: join(home, 'segue.db') } })
  expect(await profile.segueSessions.findSessions(['x'])).toEqual([])
})

test('the health says that the search index is built again, until it is', async () => {
  const home = newHome()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  damageTable(join(home, 'segue.db'), 'search_backfill')
  const health = new StorageHealth({ log: new RecordingLogger() })
  const notices: (string | null)[] = []
  health.onChange(() => notices.push(health.notice))
  const options = { home, hermesHome: null, durable: false, log: new RecordingLogger(), health }
  await using resources = new AsyncDisposableStack()
  resources.adopt(openProfileStorage(options), (opened) => opened.close())
  await waitUntil(() => notices.length >= 2)
  expect(notices).toEqual([expect.stringContaining('The search index was damaged. It is built again'), null])
})

test('an index that is damaged a second time is left out, with one line in the log', async () => {
  const home = newHome()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  damageTable(join(home, 'segue.db'), 'search_backfill')
  const log = new RecordingLogger()
  const health = new StorageHealth({ log })
  const database = new SegueProfileDatabase(join(home, 'segue.db'), { health })
  onTestFinished(() => database.close())
  const indexer = new BackgroundSearchIndexer(database, health, log)
  onTestFinished(() => indexer.close())
  const messages = (): string[] => log.entries.map(({ message }) => message)
  await waitUntil(() => health.notice === null && messages().length === 1)
  // Searches that began before say nothing of the new index.
  indexer.reportDamage(0)
  expect(database.searchIndex.isDamaged).toBe(false)
  for (let search = 0; search < 3; search += 1) indexer.reportDamage(performance.now())
  await waitUntil(() => health.notice !== null)
  await indexer.close()
  expect(messages()).toEqual([
    expect.stringContaining('The search index was damaged.'),
    expect.stringContaining('The search index is damaged again, and is left out'),
  ])
})
