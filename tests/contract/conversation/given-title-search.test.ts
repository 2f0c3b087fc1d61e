import { describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, mutate, requireNonNull } from '../support/typed-client.ts'
import { newSession, streamToEnd } from '../support/chat.ts'
import { type Client, readingTransports } from '../support/clients.ts'
import { SearchDocument, type SearchQueryVariables, UpdateConversationDocument } from '../generated/graphql.ts'
import { newTestEnvironment } from '../support/test-environment.ts'

function fillHermes(db: HermesDb): void {
  db.addSession('one', { started_at: 1, end_reason: 'compression', title: 'Trees' })
  db.addMessage('one', 2, { content: 'Hello' })
  db.addSession('two', { started_at: 3, parent_session_id: 'one', title: 'Trees #2' })
  db.addMessage('two', 4, { content: 'Hello again' })
  db.addSession('other', { started_at: 5, end_reason: 'cli_close', title: 'Stones' })
  db.addMessage('other', 6, { content: 'Hello' })
}

/** The sessions whose titles match, with the snippets. */
async function findTitles(client: Client, variables: SearchQueryVariables): Promise<(readonly [string, string])[]> {
  const { edges } = requireNonNull((await ask(client, SearchDocument, variables)).search)
  return edges.flatMap(({ node }) => (node.message ? [] : [[node.session.id, node.snippet] as const]))
}

const rename = async (client: Client, rootId: string, title: string): Promise<void> => {
  await mutate(client, UpdateConversationDocument, { id: `cnv_${rootId}`, title })
}

describe.each(readingTransports)('over %s,', (transport) => {
  test('search finds the tip of a conversation of Hermes by the title that it was given last', async () => {
    await using environment = await newTestEnvironment('http', { fillHermes })
    await using client = environment.connect(transport)
    await rename(environment.client, 'one', 'A garden of trees')
    await rename(environment.client, 'one', 'An orchard of trees')
    expect(await findTitles(client, { query: 'garden' })).toEqual([])
    expect(await findTitles(client, { query: 'orchard' })).toEqual([['two', 'An orchard of trees']])
    // One hit for each session whose title matches: the own title of the tip makes no second one.
    expect(await findTitles(client, { query: 'trees' })).toEqual([
      ['two', 'An orchard of trees'],
      ['one', 'Trees'],
    ])
    await rename(environment.client, 'one', '')
    expect(await findTitles(client, { query: 'orchard' })).toEqual([])
    expect(await findTitles(client, { query: 'trees' })).toEqual([
      ['two', 'Trees #2'],
      ['one', 'Trees'],
    ])
  })
})

test('the filters of search hold for a title that was given', async () => {
  await using environment = await newTestEnvironment('http', { fillHermes })
  const { client } = environment
  const own = await newSession(client)
  await streamToEnd(client, { sessionId: own, text: 'Hello' })
  await rename(client, own, 'My orchard')
  await rename(client, 'one', 'An orchard of trees')
  await mutate(client, UpdateConversationDocument, { id: 'cnv_one', pinned: true })
  const find = async (filter: Omit<SearchQueryVariables, 'query'>) =>
    (await findTitles(client, { query: 'orchard', ...filter })).map(([id]) => id)
  expect(await find({})).toEqual([own, 'two'])
  expect(await find({ origin: 'SEGUE' })).toEqual([own])
  expect(await find({ origin: 'HERMES' })).toEqual(['two'])
  expect(await find({ pinned: true })).toEqual(['two'])
  expect(await find({ pinned: false })).toEqual([own])
  expect(await find({ archived: true })).toEqual([])
  expect(await find({ channels: ['CLI'] })).toEqual(['two'])
})

test('when a conversation of Hermes continues in Segue, its title finds the new tip', async () => {
  await using environment = await newTestEnvironment('http', { fillHermes })
  const { client } = environment
  await rename(client, 'other', 'A quarry')
  const tip = await newSession(client, 'other')
  await streamToEnd(client, { sessionId: tip, text: 'Go on.' })
  expect(await findTitles(client, { query: 'quarry' })).toEqual([[tip, 'A quarry']])
})
