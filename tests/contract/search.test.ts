import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HermesDb } from '../support/hermes/hermes-db.ts'
import { ask, requireNonNull, readUntil, mutate } from './support/typed-client.ts'
import { cancelStream, isEventOfType, never, newSession, streamChat, streamToEnd } from './support/chat.ts'
import { type Client, readingTransports } from './support/clients.ts'
import {
  CreateSessionDocument,
  MessageNodeDocument,
  SearchDocument,
  type SearchQuery,
  type SearchQueryVariables,
} from './generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from './support/test-environment.ts'

type Page = NonNullable<SearchQuery['search']>

async function search(client: Client, variables: SearchQueryVariables): Promise<Page> {
  return requireNonNull((await ask(client, SearchDocument, variables)).search)
}

/** Summarises a page: the session of a title, the text of a message. */
const summarizePage = ({ edges }: Page): string[] =>
  edges.map(({ node }) => (node.message ? node.message.text : `title of ${node.session.id}`))

/** Reads a complete list in pages of a given size. */
async function walk(
  client: Client,
  variables: SearchQueryVariables,
  size: number,
  backwards: boolean,
): Promise<Page['edges']> {
  const edges: Page['edges'] = []
  for (let cursor: string | null = null; ;) {
    const page: Page = await search(client, {
      ...variables,
      ...(backwards ? { last: size, before: cursor } : { first: size, after: cursor }),
    })
    edges.splice(backwards ? 0 : edges.length, 0, ...page.edges)
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo
    expect(backwards ? hasNextPage : hasPreviousPage).toBe(cursor !== null)
    if (!(backwards ? hasPreviousPage : hasNextPage)) return edges
    cursor = requireNonNull(backwards ? startCursor : endCursor)
  }
}

function fillHermes(db: HermesDb): void {
  db.addSession('wine', { title: 'Red wine', source: 'telegram', pinned: 1 })
  db.addMessage('wine', 1, { content: 'Which red wine is best?' })
  db.addMessage('wine', 2, { content: 'Wines that are red, all of them.', role: 'assistant' })
  db.addMessage('wine', 3, { content: 'red wine, taken back', active: 0, compacted: 0 })
  db.addSession('bread', { archived: 1 })
  db.addMessage('bread', 4, { content: 'White bread' })
}

let environment: TestEnvironment
let segueId: string
beforeAll(async () => {
  environment = await newTestEnvironment('http', { fillHermes })
  const { client, provider } = environment
  segueId = (await mutate(client, CreateSessionDocument, { title: 'A cellar of red wines' })).createSession.id
  provider.enqueue([{ reasoning: 'red wine, red wine' }, { text: 'Any red wine ' }, { text: 'will do.' }])
  await streamToEnd(client, { sessionId: segueId, text: 'Recommend a red wine.' })
})
afterAll(() => environment[Symbol.asyncDispose]())

const everything = [
  'title of segue',
  'title of wine',
  'Any red wine will do.',
  'Recommend a red wine.',
  'Which red wine is best?',
  'Wines that are red, all of them.',
]

describe.each(readingTransports)('search, over %s,', (transport) => {
  test('finds titles and messages of both origins, in one ranking, with snippets', async () => {
    await using client = environment.connect(transport)
    const page = await search(client, { query: 'red wine' })
    expect(summarizePage(page)).toEqual(everything.map((each) => each.replace(' segue', ` ${segueId}`)))
    expect(page.edges.map(({ node }) => node.session.id)).toEqual([segueId, 'wine', segueId, segueId, 'wine', 'wine'])
    expect(page.edges.map(({ node }) => node.snippet)).toEqual([
      'A cellar of red wines',
      'Red wine',
      ...everything.slice(2),
    ])
    for (const { node } of page.edges) {
      if (!node.message) continue
      expect(node.message.session.id).toBe(node.session.id)
      expect((await ask(client, MessageNodeDocument, { id: node.message.id })).node).toMatchObject(node.message)
    }
  })

  test('can be paged through in both directions, with each hit once', async () => {
    await using client = environment.connect(transport)
    const query = { query: 'red wine' }
    const all = await search(client, query)
    expect(all.pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: all.edges[0]?.cursor,
      endCursor: all.edges.at(-1)?.cursor,
    })
    for (const size of [1, 4]) {
      expect(await walk(client, query, size, false)).toEqual(all.edges)
      expect(await walk(client, query, size, true)).toEqual(all.edges)
    }
    const [first, , , fourth] = all.edges.map(({ cursor }) => cursor)
    const between = await search(client, { ...query, after: requireNonNull(first), before: requireNonNull(fourth) })
    expect(between.edges).toEqual(all.edges.slice(1, 3))
    expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
  })

  test('accepts any text', async () => {
    await using client = environment.connect(transport)
    const finds = async (query: string) => summarizePage(await search(client, { query }))
    expect(await finds('BREAD')).toEqual(['White bread'])
    expect(await finds('"red wine" any')).toEqual(['Any red wine will do.'])
    expect(await finds('réd cella')).toEqual([`title of ${segueId}`])
    for (const query of [
      '',
      ' ',
      '"',
      '""',
      '*',
      'red AND (',
      'red OR wine',
      'NEAR(red wine)',
      'taken back',
      '-',
      '\\',
    ]) {
      expect(await finds(query), query).toEqual([])
    }
    expect(await finds('-red *wine "best')).toEqual(['Which red wine is best?'])
  })
})

test.each<[Omit<SearchQueryVariables, 'query'>, number[]]>([
  [{ origin: 'SEGUE' }, [0, 2, 3]],
  [{ origin: 'HERMES' }, [1, 4, 5]],
  [{ channels: ['MESSAGING'] }, [1, 4, 5]],
  [{ channels: ['SEGUE', 'MESSAGING'] }, [0, 1, 2, 3, 4, 5]],
  [{ channels: ['CLI'] }, []],
  [{ pinned: true }, [1, 4, 5]],
  [{ pinned: false }, [0, 2, 3]],
  [{ archived: true }, []],
  [{ archived: false, ids: ['wine', 'bread', 'nobody'] }, [1, 4, 5]],
  [{ ids: [] }, []],
  [{ profile: 'default' }, [0, 1, 2, 3, 4, 5]],
  [{ profile: 'another-one' }, []],
])('search in sessions like %j', async (filter, expected) => {
  const page = await search(environment.client, { query: 'red wine', ...filter })
  expect(summarizePage(page)).toEqual(expected.map((index) => everything[index]?.replace(' segue', ` ${segueId}`)))
})

test('An answer is found once it is stored, and so is a partial answer', async () => {
  await using cut = await newTestEnvironment('http')
  const { client, provider } = cut
  const sessionId = await newSession(client)
  provider.enqueue([{ text: 'A needle in ' }, { text: 'a haystack' }, { wait: never }])
  const events = streamChat(client, { sessionId, text: 'Where?' })
  const { last } = await readUntil(events, isEventOfType('TextDelta'))
  expect(summarizePage(await search(client, { query: 'needle' }))).toEqual([])
  // The message also gave the session its title.
  expect(summarizePage(await search(client, { query: 'where' }))).toEqual([`title of ${sessionId}`, 'Where?'])
  const { message } = await cancelStream(client, requireNonNull(last.streamId))
  expect(summarizePage(await search(client, { query: 'needle' }))).toEqual([requireNonNull(message).text])
})
