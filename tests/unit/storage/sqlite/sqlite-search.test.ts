import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hitId } from '../../../support/search/search-fixture.ts'
import { newSegueSearchFixture, newTestFolder } from '../../../support/search/segue-search-fixture.ts'
import { describeGivenTitles } from '../contract/given-title-contract.ts'
import { describeSearch } from '../contract/search-contract.ts'

describeSearch(async () => newSegueSearchFixture())
describeGivenTitles(async () => newSegueSearchFixture())

test('nothing is found before the first write, and no file is created', async () => {
  const fixture = newSegueSearchFixture({ path: join(newTestFolder(), 'segue.db') })
  expect(await fixture.findIds('anything')).toEqual([])
  expect(existsSync(fixture.path)).toBe(false)
})

test('pages stay correct while rows come and go', async () => {
  const fixture = newSegueSearchFixture()
  const session = await fixture.addSession()
  const ids: string[] = []
  for (let i = 0; i < 9; i++) ids.unshift(await fixture.addMessage(session, 'needle'))
  const first = await fixture.find('needle', { limit: 3 })
  expect(first.hits.map(hitId)).toEqual(ids.slice(0, 3))
  const cursor = first.hits[2]?.key ?? null
  await fixture.addMessage(session, 'needle')
  const remove = fixture.database.prepare<[string]>('DELETE FROM messages WHERE id = ?')
  fixture.database.transaction(() => [ids[2], ids[4]].forEach((id) => remove.run(id ?? '')))
  expect(await fixture.findIds('needle', { after: cursor })).toEqual([ids[3], ...ids.slice(5)])
  expect(await fixture.findIds('needle', { before: cursor, backwards: true, limit: 2 })).toEqual([ids[0], ids[1]])
})

test('a long message has an entry for each of its passages', async () => {
  const fixture = newSegueSearchFixture()
  await fixture.addMessage(await fixture.addSession(), 'lorem ipsum dolor '.repeat(4_000))
  await fixture.waitForIndexing()
  expect(fixture.countEntries().message).toBeGreaterThan(4)
  expect(fixture.loggedErrors).toEqual([])
})

test('a title that is given has an entry of its own, unless it is the one of the session', async () => {
  const fixture = newSegueSearchFixture()
  const session = await fixture.addSession('Garden of herbs')
  const give = (title: string | null) =>
    fixture.store.updateConversationSettings({ sessionIds: [session], patch: { title } })
  await give('Garden of trees')
  expect(fixture.countEntries().title).toBe(2)
  await give('garden of HERBS')
  expect(fixture.countEntries().title).toBe(1)
  await give(null)
  expect(fixture.countEntries().title).toBe(1)
})
