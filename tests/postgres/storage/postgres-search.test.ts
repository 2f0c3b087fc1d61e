import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { PostgresConversationIndex } from '../../../src/storage/postgres/conversation-index/postgres-conversation-index.ts'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { PostgresEventStore } from '../../../src/storage/postgres/events/postgres-event-store.ts'
import { PostgresProfileDatabase } from '../../../src/storage/postgres/postgres-profile-database.ts'
import { PostgresSearchIndexer } from '../../../src/storage/postgres/search/postgres-search-indexer.ts'
import { PostgresSearch, type PostgresSearchOptions } from '../../../src/storage/postgres/search/postgres-search.ts'
import { createSearchLimiter } from '../../../src/search/search-limiter.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { createSearchFixture, type SearchFixture } from '../../support/search/search-fixture.ts'
import { describeGivenTitles } from '../../unit/storage/contract/given-title-contract.ts'
import { describeSearch } from '../../unit/storage/contract/search-contract.ts'

async function newFixture(): Promise<SearchFixture> {
  const installation = new PostgresDatabase({ url: await useTestDatabase() })
  onTestFinished(() => installation.close())
  const database = new PostgresProfileDatabase(installation, 'work')
  const conversationIndex = new PostgresConversationIndex(database)
  const indexer = new PostgresSearchIndexer(database)
  const search = new PostgresSearch({ database, conversationIndex, indexer })
  const lateSearch = new PostgresSearch({ database, conversationIndex, indexer, timeoutMs: -1 })
  const { signal } = new AbortController()
  return createSearchFixture({
    store: new PostgresEventStore(database),
    find: (request) => search.find(request, signal),
    findPastDeadline: (request) => lateSearch.find(request, signal),
    waitForIndexing: async () => void (await indexer.indexPending()),
  })
}

describeSearch(newFixture)
describeGivenTitles(newFixture)

function newSearch(installation: PostgresDatabase, profile: string, options: Partial<PostgresSearchOptions> = {}) {
  const database = new PostgresProfileDatabase(installation, profile)
  const conversationIndex = new PostgresConversationIndex(database)
  const search = new PostgresSearch({
    ...{ database, conversationIndex, indexer: new PostgresSearchIndexer(database) },
    ...options,
  })
  const request = { query: 'birds', filter: {}, after: null, before: null, limit: 10, backwards: false }
  return { find: () => search.find(request, new AbortController().signal) }
}

/** Has searches wait until the returned function is called. */
async function lockSearches(url: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('BEGIN')
  await client.query('LOCK TABLE segue.search_entries IN ACCESS EXCLUSIVE MODE')
  return () => client.end()
}

const emptyPage = { hits: [], searchedUpTo: null }

test('a search that has to wait for long ends with TIMEOUT, is measured, and the next one works', async () => {
  const url = await useTestDatabase()
  const installation = new PostgresDatabase({ url })
  onTestFinished(() => installation.close())
  const durations: number[] = []
  const { find } = newSearch(installation, 'work', {
    statementTimeoutMs: 50,
    telemetry: { recordSearch: (durationMs) => durations.push(durationMs) },
  })
  expect(await find()).toEqual(emptyPage)
  const unlock = await lockSearches(url)
  await expect(find()).rejects.toMatchObject({ code: 'TIMEOUT' })
  await unlock()
  expect(await find()).toEqual(emptyPage)
  expect(durations).toHaveLength(3)
})

test('a search above four running and 100 queued ones of all profiles is RATE_LIMITED', async () => {
  const url = await useTestDatabase()
  const installation = new PostgresDatabase({ url })
  onTestFinished(() => installation.close())
  const limiter = createSearchLimiter()
  const searches = ['work', 'home'].map((profile) => newSearch(installation, profile, { limiter }))
  const unlock = await lockSearches(url)
  const pending = Array.from({ length: 52 }, () => searches.map(({ find }) => find())).flat()
  await expect(searches[1]?.find()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await unlock()
  for (const page of await Promise.all(pending)) expect(page).toEqual(emptyPage)
})
