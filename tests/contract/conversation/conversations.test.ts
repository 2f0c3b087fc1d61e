import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, requireNonNull } from '../support/typed-client.ts'
import { newSession, loadSession, streamToEnd } from '../support/chat.ts'
import { readingTransports } from '../support/clients.ts'
import {
  ConversationCountsDocument,
  type ConversationCountsQueryVariables,
  ConversationNodeDocument,
  ConversationOfSessionDocument,
  ConversationsDocument,
  type ConversationsQuery,
  type ConversationsQueryVariables,
  NodeDocument,
} from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

/** Adds a chain that Segue continues, one that it does not, and sessions outside of chains. */
function chats(db: HermesDb): void {
  db.addSession('one', { started_at: 1, end_reason: 'compression', title: 'Trees' })
  db.addMessage('one', 2, { content: 'Hello' })
  db.addSession('two', { started_at: 3, end_reason: 'cli_close', parent_session_id: 'one', title: 'Trees #2' })
  db.addMessage('two', 4, { content: 'Hello' })
  for (const [index, source] of ['webui', 'telegram', 'cron', 'subagent'].entries()) {
    db.addSession(source, { source, started_at: 10 + index, archived: source === 'telegram' ? 1 : 0 })
    db.addMessage(source, 20 + index, { content: 'Hello' })
  }
  db.addSession('empty', { started_at: 99 })
}

const ids = ({ conversations: { edges } }: ConversationsQuery) => edges.map(({ node }) => node.id)

let environment: TestEnvironment
let continuationId: string
let alone: string
beforeAll(async () => {
  environment = await newTestEnvironment('http', { fillHermes: chats })
  alone = (await streamToEnd(environment.client, { text: 'Hello' })).end.sessionId
  continuationId = await newSession(environment.client, 'two')
  await streamToEnd(environment.client, { text: 'Hello', sessionId: continuationId })
})
afterAll(() => environment[Symbol.asyncDispose]())

describe.each(readingTransports)('conversations, over %s,', (transport) => {
  test('lists each conversation once, wherever its sessions are stored, newest message first', async () => {
    await using client = environment.connect(transport)
    const answer = await ask(client, ConversationsDocument, {})
    expect(ids(answer)).toEqual(['cnv_one', `cnv_${alone}`, 'cnv_telegram', 'cnv_webui'])
    const [crossing] = answer.conversations.edges.map(({ node }) => node)
    const tip = await loadSession(client, continuationId)
    expect(crossing).toMatchObject({
      title: 'Trees',
      segmentCount: 3,
      root: { id: 'one', segmentCount: 1 },
      tip: { id: continuationId, segmentCount: 3, lineageRoot: { id: 'one' }, origin: 'SEGUE', messageCount: 2 },
      lastActivityAt: tip.lastActivityAt,
    })
    expect(crossing?.segments.map(({ id, segmentCount }) => [id, segmentCount])).toEqual([
      ['one', 1],
      ['two', 2],
      [continuationId, 3],
    ])
    expect(answer.conversations.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false })
  })

  test('lists only what matches the filter', async () => {
    await using client = environment.connect(transport)
    const filtered = async (variables: ConversationsQueryVariables) =>
      ids(await ask(client, ConversationsDocument, variables))
    expect(await filtered({ channels: ['SEGUE'] })).toEqual(['cnv_one', `cnv_${alone}`])
    expect(await filtered({ channels: ['CRON', 'TOOL'] })).toEqual(['cnv_subagent', 'cnv_cron'])
    expect(await filtered({ channels: [] })).toEqual([])
    expect(await filtered({ origin: 'SEGUE' })).toEqual(['cnv_one', `cnv_${alone}`])
    expect(await filtered({ origin: 'HERMES' })).toEqual(['cnv_telegram', 'cnv_webui'])
    expect(await filtered({ archived: true })).toEqual(['cnv_telegram'])
    expect(await filtered({ archived: false, pinned: false })).toEqual(['cnv_one', `cnv_${alone}`, 'cnv_webui'])
    expect(await filtered({ pinned: true })).toEqual([])
    expect(await filtered({ ids: ['two', 'cnv_webui', 'cron', 'empty', 'nobody'] })).toEqual([
      'cnv_one',
      'cnv_cron',
      'cnv_webui',
    ])
    expect(await filtered({ ids: [continuationId, 'cron'], channels: ['SEGUE'] })).toEqual(['cnv_one'])
    expect(await filtered({ ids: [] })).toEqual([])
    expect(await filtered({ profile: 'default', pinned: false })).toHaveLength(4)
    expect(await filtered({ profile: 'work' })).toEqual([])
  })

  test('counts what is listed with the same filter', async () => {
    await using client = environment.connect(transport)
    const count = async (variables: ConversationCountsQueryVariables) =>
      (await ask(client, ConversationCountsDocument, variables)).conversationCounts
    expect(await count({})).toEqual({
      total: 4,
      channels: [
        { channel: 'SEGUE', count: 2 },
        { channel: 'WEB', count: 1 },
        { channel: 'MESSAGING', count: 1 },
      ],
      origins: [
        { origin: 'SEGUE', count: 2 },
        { origin: 'HERMES', count: 2 },
      ],
      attention: [
        { attention: 'UNREAD', count: 2 },
        { attention: 'IDLE', count: 2 },
      ],
    })
    const filters: ConversationCountsQueryVariables[] = [
      { channels: ['SEGUE'] },
      { channels: ['CRON', 'TOOL'] },
      { channels: [] },
      { origin: 'SEGUE' },
      { origin: 'HERMES', archived: true },
      { archived: false, pinned: false },
      { attention: ['UNREAD'] },
      { ids: ['two', 'cnv_webui', 'cron', 'empty', 'nobody'] },
      { ids: [continuationId, 'cron'], origin: 'SEGUE' },
      { profile: 'work' },
    ]
    for (const filter of filters) {
      const listed = (await ask(client, ConversationsDocument, filter)).conversations.edges
      const { total, channels, origins, attention } = await count(filter)
      expect(total).toBe(listed.length)
      for (const list of [channels, origins, attention])
        expect(list.reduce((sum, each) => sum + each.count, 0)).toBe(total)
      for (const { channel, count: size } of channels)
        expect(listed.filter(({ node }) => node.tip.channel === channel)).toHaveLength(size)
    }
  })

  test('can be paged through in both directions, with every conversation once', async () => {
    await using client = environment.connect(transport)
    for (const filter of [{}, { ids: ['cnv_one', alone, 'webui'] }]) {
      const all = ids(await ask(client, ConversationsDocument, filter))
      for (const size of [1, 2, 3]) {
        const forwards: string[] = []
        for (let after: string | null = null, more = true; more;) {
          const page: ConversationsQuery = await ask(client, ConversationsDocument, { ...filter, first: size, after })
          expect(page.conversations.pageInfo.hasPreviousPage).toBe(forwards.length > 0)
          forwards.push(...ids(page))
          after = requireNonNull(page.conversations.pageInfo.endCursor)
          more = page.conversations.pageInfo.hasNextPage
        }
        const backwards: string[] = []
        for (let before: string | null = null, more = true; more;) {
          const page: ConversationsQuery = await ask(client, ConversationsDocument, { ...filter, last: size, before })
          expect(page.conversations.pageInfo.hasNextPage).toBe(backwards.length > 0)
          backwards.unshift(...ids(page))
          before = requireNonNull(page.conversations.pageInfo.startCursor)
          more = page.conversations.pageInfo.hasPreviousPage
        }
        expect([forwards, backwards]).toEqual([all, all])
      }
    }
  })

  test('finds a conversation by its id and by the ids of its sessions', async () => {
    await using client = environment.connect(transport)
    const { node } = await ask(client, ConversationNodeDocument, { id: 'cnv_one' })
    expect(node).toMatchObject({ id: 'cnv_one', tip: { id: continuationId } })
    expect((await ask(client, NodeDocument, { id: 'cnv_one' })).node).toEqual({ type: 'Conversation', id: 'cnv_one' })
    for (const id of ['one', 'two', continuationId]) {
      const { session } = await ask(client, ConversationOfSessionDocument, { id, first: 1, skip: 1 })
      expect(session?.conversation).toEqual(node)
      expect(session?.page.segments).toEqual([{ id: 'two' }])
    }
    const { session } = await ask(client, ConversationOfSessionDocument, { id: 'empty' })
    expect(session?.conversation).toMatchObject({
      id: 'cnv_empty',
      title: null,
      tip: { id: 'empty' },
      segmentCount: 1,
      lastActivityAt: '1970-01-01T00:01:39.000Z',
    })
    // Ids of sessions that are not roots, and unknown ids.
    for (const id of ['cnv_two', `cnv_${continuationId}`, 'cnv_nobody', 'cnv_', 'cnv_cnv_one', 'CNV_one']) {
      expect((await ask(client, NodeDocument, { id })).node).toBeNull()
    }
  })
})
