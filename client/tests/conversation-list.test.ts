import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SeededRandom } from '../../tests/chaos/seeded-random.ts'
import { startTestSegue, type TestSegue } from '../../tests/support/server/segue.ts'
import type { Conversation, ConversationList, ConversationListSnapshot, SegueClient } from '../src/index.ts'
import { catchError, collect, newClient, readUntil, transports } from './support/client.ts'
import { startFaultyTcpProxy } from './support/faulty-tcp-proxy.ts'
import { startTcpProxy } from '../../tests/support/server/tcp-proxy.ts'

let segue: TestSegue
let direct: SegueClient
beforeAll(async () => {
  segue = await startTestSegue({ heartbeat: { intervalMs: 250, timeoutMs: 15_000 } })
  direct = newClient({ url: segue.url })
})
afterAll(async () => {
  direct.close()
  await segue[Symbol.asyncDispose]()
})

/** Each test has a profile of its own. */
let profile: string
let profileCount = 0
beforeEach(() => {
  profile = `p${(profileCount += 1)}`
})

const getTitles = ({ conversations }: ConversationListSnapshot): (string | null)[] =>
  conversations.map(({ title }) => title)

/** Starts a conversation with this title. */
async function chat(title: string): Promise<Conversation['tip']['id']> {
  const create =
    'mutation ($title: String, $profile: String) { created: createSession(input: { title: $title, profile: $profile }) { id } }'
  const { created } = await direct.request<{ created: { id: string } }>(create, { title, profile })
  await say(created.id)
  return created.id
}

async function say(sessionId: string): Promise<void> {
  await collect(direct.chat({ sessionId, text: 'Hi' }))
}

const rename = (id: string, title: string): Promise<unknown> =>
  direct.request('mutation ($id: ID!, $title: String) { updateSession(id: $id, input: { title: $title }) { id } }', {
    id,
    title,
  })
const archive = (id: string): Promise<unknown> =>
  direct.request('mutation ($id: ID!) { updateSession(id: $id, input: { archived: true }) { id } }', { id })
const remove = (id: string): Promise<unknown> =>
  direct.request('mutation ($id: ID!) { deleteSession(id: $id) }', { id })

/** The snapshot, once it has these titles. */
async function waitForTitles(list: ConversationList, ...titles: readonly string[]): Promise<ConversationListSnapshot> {
  const matches = (snapshot: ConversationListSnapshot): boolean =>
    JSON.stringify(getTitles(snapshot)) === JSON.stringify(titles)
  const read = await readUntil(list, matches)
  return read.at(-1) ?? list.getSnapshot()
}

describe.each(transports)('over %s, a list', (transport) => {
  const connect = (url = segue.url) => newClient({ url, transport })

  test('is read, and shows at once what is added, renamed, removed and used', async () => {
    using client = connect()
    const first = await chat('First')
    const list = client.conversations({ profile })
    expect(list.getSnapshot()).toEqual({ conversations: [], isLoading: true, hasMore: false, error: null })
    // Somebody has to listen all the time, or the list is read anew.
    const unsubscribe = list.subscribe(() => undefined)
    expect(await waitForTitles(list, 'First')).toMatchObject({ isLoading: false, hasMore: false })
    const second = await chat('Second')
    await waitForTitles(list, 'Second', 'First')
    await say(first)
    await waitForTitles(list, 'First', 'Second')
    await rename(second, '2nd')
    await waitForTitles(list, 'First', '2nd')
    await remove(first)
    await waitForTitles(list, '2nd')
    unsubscribe()
  })

  test('keeps the objects of rows that have not changed', async () => {
    using client = connect()
    await chat('Old')
    const list = client.conversations({ profile })
    const unsubscribe = list.subscribe(() => undefined)
    const before = await waitForTitles(list, 'Old')
    await chat('New')
    const after = await waitForTitles(list, 'New', 'Old')
    expect(after.conversations[1]).toBe(before.conversations[0])
    expect(list.getSnapshot()).toBe(list.getSnapshot())
    unsubscribe()
  })

  test('is read page by page, and changes go to their places', async () => {
    using client = connect()
    const ids = []
    for (const title of ['A', 'B', 'C', 'D', 'E']) ids.push(await chat(title))
    const list = client.conversations({ profile }, { pageSize: 2 })
    const unsubscribe = list.subscribe(() => undefined)
    expect(await waitForTitles(list, 'E', 'D')).toMatchObject({ hasMore: true })
    await list.loadMore()
    expect(list.getSnapshot()).toMatchObject({ hasMore: true })
    expect(getTitles(list.getSnapshot())).toEqual(['E', 'D', 'C', 'B'])
    // What is not shown yet, and does not come up, stays out of sight.
    await rename(ids[0] ?? '', 'First')
    await say(ids[2] ?? '')
    await waitForTitles(list, 'C', 'E', 'D', 'B')
    await list.loadMore()
    expect(list.getSnapshot()).toMatchObject({ hasMore: false })
    expect(getTitles(list.getSnapshot())).toEqual(['C', 'E', 'D', 'B', 'First'])
    await list.loadMore()
    expect(getTitles(list.getSnapshot())).toHaveLength(5)
    unsubscribe()
  })

  test('is read further with pages of the size that is asked for', async () => {
    using client = connect()
    for (const title of ['A', 'B', 'C', 'D', 'E']) await chat(title)
    const list = client.conversations({ profile }, { pageSize: 1 })
    const unsubscribe = list.subscribe(() => undefined)
    const before = await waitForTitles(list, 'E')
    await list.loadMore(3)
    expect(getTitles(list.getSnapshot())).toEqual(['E', 'D', 'C', 'B'])
    expect(list.getSnapshot().conversations[0]).toBe(before.conversations[0])
    await list.loadMore()
    expect(list.getSnapshot()).toMatchObject({ hasMore: false })
    unsubscribe()
  })

  test('has what its filter allows, and nothing else', async () => {
    using client = connect()
    const id = await chat('Kept')
    const list = client.conversations({ profile, archived: false, channels: ['SEGUE'], origin: 'SEGUE' })
    const unsubscribe = list.subscribe(() => undefined)
    await waitForTitles(list, 'Kept')
    const other = await chat('Archived soon')
    await waitForTitles(list, 'Archived soon', 'Kept')
    await archive(other)
    await waitForTitles(list, 'Kept')
    const byId = client.conversations({ profile, ids: [id] })
    const unsubscribeById = byId.subscribe(() => undefined)
    await waitForTitles(byId, 'Kept')
    await chat('Another')
    await rename(id, 'Renamed')
    await waitForTitles(byId, 'Renamed')
    unsubscribe()
    unsubscribeById()
  })

  test('has what wants attention until it is marked as read', async () => {
    using client = connect()
    const list = client.conversations({ profile, attention: ['UNREAD'] })
    const unsubscribe = list.subscribe(() => undefined)
    const sessionId = await chat('Ants')
    const [row] = (await waitForTitles(list, 'Ants')).conversations
    expect(row).toMatchObject({ attention: 'UNREAD', attentionSession: { id: sessionId } })
    const { id = '', lastActivityAt = 0, readAt = null } = row ?? {}
    expect(readAt).toBeLessThanOrEqual(lastActivityAt)
    await client.markRead(id, lastActivityAt)
    await waitForTitles(list)
    await say(sessionId)
    await waitForTitles(list, 'Ants')
    await client.markRead(id)
    await waitForTitles(list)
    unsubscribe()
  })

  test('is right after a cut', async () => {
    await using proxy = await startTcpProxy(segue.url)
    using client = connect(proxy.url)
    const [gone, old] = [await chat('Gone'), await chat('Old')]
    const list = client.conversations({ profile })
    const unsubscribe = list.subscribe(() => undefined)
    await waitForTitles(list, 'Old', 'Gone')
    proxy.refuseConnections()
    await remove(gone)
    await rename(old, 'Renamed')
    await chat('New')
    proxy.acceptConnections()
    await waitForTitles(list, 'New', 'Renamed')
    unsubscribe()
  })

  test('stops when nobody listens, and is read again by the next one', async () => {
    using client = connect()
    await chat('One')
    const list = client.conversations({ profile })
    await waitForTitles(list, 'One')
    await chat('Two')
    // The one before is shown meanwhile.
    expect(getTitles(list.getSnapshot())).toEqual(['One'])
    await waitForTitles(list, 'Two', 'One')
  })

  test('is shown while the first connection is made, and read once over one that stands', async () => {
    await chat('One')
    const connected = Promise.withResolvers<void>()
    const reads: string[] = []
    using client = newClient({
      url: segue.url,
      transport: 'sse',
      fetch: async (url, init) => {
        const isSubscription = new Headers(init?.headers).get('accept') === 'text/event-stream'
        if (isSubscription) await connected.promise
        else reads.push(String(init?.body))
        return fetch(url, init)
      },
    })
    const list = client.conversations({ profile })
    await waitForTitles(list, 'One')
    connected.resolve()
    const read = readUntil(list, (snapshot) => getTitles(snapshot)[0] === 'Two')
    await chat('Two')
    await read
    reads.length = 0
    await waitForTitles(client.conversations({ profile, pinned: false }), 'Two', 'One')
    expect(reads).toHaveLength(1)
  })

  test('tells why it is refused', async () => {
    using client = connect()
    const list = client.conversations({ profile: 'not a profile' })
    expect(await catchError(collect(list))).toMatchObject({ code: 'BAD_USER_INPUT' })
    expect(list.getSnapshot()).toMatchObject({ isLoading: false, error: { code: 'BAD_USER_INPUT' } })
  })

  test('ends when the client is closed', async () => {
    using client = connect()
    const reading = collect(client.conversations({ profile }))
    client.close()
    expect(await reading).toEqual([])
  })
})

describe('a list of a server behind connections that break at random', () => {
  const seeds = Array.from({ length: 6 }, (_, index) => index + 1)

  test.each(seeds)(
    'is the same as one that is read anew, after any changes (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed)
      await using proxy = await startFaultyTcpProxy(segue.url, { random: random.fork(), maxFaults: 8 })
      const reconnect = { minDelayMs: 5, maxDelayMs: 50, idleTimeoutMs: 1500 }
      using client = newClient({ url: proxy.url, transport: seed % 2 === 0 ? 'ws' : 'sse', reconnect })
      const list = client.conversations({ profile, archived: false }, { pageSize: 4 })
      const unsubscribe = list.subscribe(() => undefined)
      const ids: string[] = []
      for (let step = 0; step < 25; step += 1) {
        const id = ids.length > 0 ? random.pick(ids) : null
        const change = random.pick(['chat', 'chat', 'say', 'rename', 'archive', 'remove', 'page'])
        if (change === 'chat' || id === null) ids.push(await chat(`Title ${step}`))
        else if (change === 'say') await say(id)
        else if (change === 'rename') await rename(id, `Renamed ${step}`)
        else if (change === 'archive') await archive(id)
        else if (change === 'page') await list.loadMore().catch(() => undefined)
        else {
          ids.splice(ids.indexOf(id), 1)
          await remove(id)
        }
      }
      const fresh = direct.conversations({ profile, archived: false }, { pageSize: 100 })
      const { conversations: expected } =
        (await readUntil(fresh, ({ isLoading }) => !isLoading)).at(-1) ?? fresh.getSnapshot()
      // All that it has is right, and what it lacks is on further pages.
      const isRight = ({ conversations, hasMore, isLoading }: ConversationListSnapshot): boolean =>
        !isLoading &&
        JSON.stringify(conversations) === JSON.stringify(expected.slice(0, conversations.length)) &&
        hasMore === conversations.length < expected.length
      await readUntil(list, isRight)
      while (list.getSnapshot().hasMore) await list.loadMore().catch(() => undefined)
      expect(list.getSnapshot().conversations).toEqual(expected)
      unsubscribe()
    },
    60_000,
  )
})
