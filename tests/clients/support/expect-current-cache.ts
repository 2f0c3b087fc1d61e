import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { nodeTypeNames } from '../documents/documents.ts'
import type { CacheClient, CacheClientFactory, CacheRecords } from './cache-client.ts'
import type { ChatPage } from './chat-page.ts'
import { findStaleRecords } from './compare-records.ts'
import { readConversationList } from './read-conversation-list.ts'
import type { SubscriptionProtocol } from './transport.ts'
import { waitLimitMs } from '../../support/vitest-limits.ts'

export interface TestedClient {
  readonly create: CacheClientFactory
  readonly protocol: SubscriptionProtocol
  /** The server, for a fresh client. */
  readonly url: string
  readonly client: CacheClient
  readonly page: ChatPage
}

/** What a fresh client of the same kind reads: the list, the queries of the page, and each entity of its cache by its id. */
export async function readFreshRecords({ create, protocol, url, client, page }: TestedClient): Promise<CacheRecords> {
  await using fresh = await create({ url, protocol })
  await readConversationList(fresh)
  for (const { name, variables } of page.queries) await fresh.query(name, variables)
  const { entities } = await client.readRecords()
  const nodes = [...entities.values()].filter(({ __typename }) => nodeTypeNames.includes(String(__typename)))
  await Promise.all(nodes.map(({ __typename, id }) => fresh.query(`${String(__typename)}NodeQuery`, { id })))
  return fresh.readRecords()
}

/** Expects that the cache equals a fresh read, as soon as the notices of what has changed have arrived. */
export async function expectCurrentCache(tested: TestedClient): Promise<void> {
  const end = performance.now() + waitLimitMs
  for (;;) {
    await tested.page.waitForList()
    const stale = findStaleRecords(await tested.client.readRecords(), await readFreshRecords(tested))
    if (stale.length === 0) return
    if (performance.now() > end) return void expect(stale).toEqual([])
    await pause(20)
  }
}
