import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { PostgresConversationIndex } from '../../../src/storage/postgres/conversation-index/postgres-conversation-index.ts'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { PostgresEventStore } from '../../../src/storage/postgres/events/postgres-event-store.ts'
import { PostgresProfileDatabase } from '../../../src/storage/postgres/postgres-profile-database.ts'
import { PostgresSearchIndexer } from '../../../src/storage/postgres/search/postgres-search-indexer.ts'
import { PostgresSearch } from '../../../src/storage/postgres/search/postgres-search.ts'
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

test('a search that has to wait for long ends with TIMEOUT, is measured, and the next one works', async () => {
  const url = await useTestDatabase()
  const installation = new PostgresDatabase({ url })
  onTestFinished(() => installation.close())
  const database = new PostgresProfileDatabase(installation, 'work')
  const conversationIndex = new PostgresConversationIndex(database)
  const durations: number[] = []
  const search = new PostgresSearch({
    database,
    conversationIndex,
    indexer: new PostgresSearchIndexer(database),
    statementTimeoutMs: 50,
    telemetry: { recordSearch: (durationMs) => durations.push(durationMs) },
  })
  const request = { query: 'birds', filter: {}, after: null, before: null, limit: 10, backwards: false }
  const find = () => search.find(request, new AbortController().signal)
  expect(await find()).toEqual({ hits: [], searchedUpTo: null })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('BEGIN')
  await client.query('LOCK TABLE segue.search_entries IN ACCESS EXCLUSIVE MODE')
  await expect(find()).rejects.toMatchObject({ code: 'TIMEOUT' })
  await client.end()
  expect(await find()).toEqual({ hits: [], searchedUpTo: null })
  expect(durations).toHaveLength(3)
})
