import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HermesChat, hermesSummary } from '../../support/hermes/hermes-chat.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, expectRefusal, requireNonNull } from '../support/typed-client.ts'
import { newSession, streamToEnd } from '../support/chat.ts'
import { type Client, readingTransports } from '../support/clients.ts'
import { computeDigest } from '../support/fold.ts'
import { MessageNodeDocument, MessagesDocument, type MessagesQueryVariables } from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

async function messagesOf(client: Client, variables: MessagesQueryVariables) {
  return requireNonNull((await ask(client, MessagesDocument, variables)).session).messages
}

/** Adds a Hermes session with every kind of message part. */
function everything(db: HermesDb): void {
  db.addSession('rich', { model: 'their/model' })
  const picture = { type: 'image_url', image_url: { url: 'https://example.com/tree.png' } }
  const content = JSON.stringify([{ type: 'text', text: 'What is this?' }, picture])
  db.addMessage('rich', 1, { content: `\0json:${content}` })
  db.addToolCalls('rich', 2, ['call_1'], { content: 'I look.', reasoning: 'A picture.' })
  db.addToolResult('rich', 3, 'call_1', '{"tree": true}')
  db.addMessage('rich', 4, { role: 'assistant', content: 'A tree.' })
  db.addMessage('rich', 5, { role: 'system', content: 'Be brief.' })
}

/** Adds a Hermes session with alternating roles. */
function threeTurns(db: HermesDb): void {
  db.addSession('hermes-1')
  for (let i = 1; i <= 6; i++)
    db.addMessage('hermes-1', i, { content: `${i}`, role: i % 2 === 1 ? 'user' : 'assistant' })
}

/** Adds a Hermes session that was compacted in place, and undone and continued afterwards. */
function compacted(db: HermesDb): void {
  const chat = new HermesChat(db, 'compacted')
  chat.addTurns(1, 2, 3)
  chat.compact([
    ...chat.live.slice(0, 1),
    { role: 'assistant', content: hermesSummary('Trees.') },
    ...chat.live.slice(-4),
  ])
  chat.undo(2)
  chat.addTurns(4)
}

let environment: TestEnvironment
let segueId: string
beforeAll(async () => {
  environment = await newTestEnvironment('http', {
    fillHermes: (db) => {
      everything(db)
      threeTurns(db)
      compacted(db)
    },
  })
  segueId = await newSession(environment.client)
  for (const text of ['1', '3', '5']) await streamToEnd(environment.client, { sessionId: segueId, text })
})
afterAll(() => environment[Symbol.asyncDispose]())

describe.each(readingTransports)('messages, over %s,', (transport) => {
  test.each(['Segue', 'Hermes'])(
    'can be paged through in both directions, each once, in a %s session',
    async (origin) => {
      await using client = environment.connect(transport)
      const sessionId = origin === 'Segue' ? segueId : 'hermes-1'
      const all = await messagesOf(client, { sessionId })
      expect(all.edges.map(({ node }) => node.role)).toEqual([
        'USER',
        'ASSISTANT',
        'USER',
        'ASSISTANT',
        'USER',
        'ASSISTANT',
      ])
      expect(all.edges.filter(({ node }) => node.role === 'USER').map(({ node }) => node.text)).toEqual(['1', '3', '5'])
      expect(new Set(all.edges.map(({ node }) => node.session.id))).toEqual(new Set([sessionId]))
      expect(all.pageInfo).toEqual({
        hasNextPage: false,
        hasPreviousPage: false,
        startCursor: all.edges[0]?.cursor,
        endCursor: all.edges.at(-1)?.cursor,
      })

      const forwards: typeof all.edges = []
      for (let after: string | null = null, more = true; more;) {
        const page: typeof all = await messagesOf(client, { sessionId, first: 4, after })
        expect(page.pageInfo.hasPreviousPage).toBe(forwards.length > 0)
        forwards.push(...page.edges)
        after = requireNonNull(page.pageInfo.endCursor)
        more = page.pageInfo.hasNextPage
      }
      expect(forwards).toEqual(all.edges)

      const backwards: typeof all.edges = []
      for (let before: string | null = null, more = true; more;) {
        const page: typeof all = await messagesOf(client, { sessionId, last: 4, before })
        expect(page.pageInfo.hasNextPage).toBe(backwards.length > 0)
        backwards.unshift(...page.edges)
        before = requireNonNull(page.pageInfo.startCursor)
        more = page.pageInfo.hasPreviousPage
      }
      expect(backwards).toEqual(all.edges)

      const [after, , , before] = all.edges.map(({ cursor }) => cursor)
      const between = await messagesOf(client, {
        sessionId,
        after: requireNonNull(after),
        before: requireNonNull(before),
      })
      expect(between.edges).toEqual(all.edges.slice(1, 3))
      expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
    },
  )

  test('are an empty list in an empty session', async () => {
    await using client = environment.connect(transport)
    const sessionId = await newSession(environment.client)
    expect(await messagesOf(client, { sessionId })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    })
    expect((await ask(client, MessagesDocument, { sessionId: 'nobody' })).session).toBeNull()
  })

  test('of a compacted Hermes session are shown once, with the summary in its place', async () => {
    await using client = environment.connect(transport)
    const { edges } = await messagesOf(client, { sessionId: 'compacted' })
    expect(edges.map(({ node }) => [node.kind, node.role, node.text])).toEqual([
      ['CHAT', 'USER', 'u1'],
      ['CHAT', 'ASSISTANT', 'a1'],
      ['CHAT', 'USER', 'u2'],
      ['CHAT', 'ASSISTANT', 'a2'],
      ['SUMMARY', 'ASSISTANT', expect.stringContaining('Trees.')],
      ['CHAT', 'USER', 'u4'],
      ['CHAT', 'ASSISTANT', 'a4'],
    ])
  })

  test('of Hermes have their parts with the results of their tools', async () => {
    await using client = environment.connect(transport)
    const { edges } = await messagesOf(client, { sessionId: 'rich' })
    expect(edges.map(({ node }) => node)).toMatchObject([
      {
        role: 'USER',
        text: 'What is this?',
        reasoning: null,
        parts: [
          { type: 'TextPart', index: 0, text: 'What is this?' },
          { type: 'FilePart', index: 1, mediaType: 'image/png', name: null, url: 'https://example.com/tree.png' },
        ],
      },
      {
        role: 'ASSISTANT',
        text: 'I look.',
        reasoning: 'A picture.',
        toolCalls: [
          {
            name: 'look',
            providerId: 'call_1',
            arguments: {},
            state: 'SUCCEEDED',
            result: { tree: true },
            error: null,
          },
        ],
        parts: [
          { type: 'ReasoningPart', index: 0, text: 'A picture.' },
          { type: 'TextPart', index: 1, text: 'I look.' },
          { type: 'ToolCallPart', index: 2 },
        ],
      },
      { role: 'ASSISTANT', text: 'A tree.', status: 'COMPLETE', stream: null, usage: null, toolCalls: [] },
      { role: 'SYSTEM', text: 'Be brief.' },
    ])
    for (const { node } of edges) {
      expect(computeDigest(node.parts)).toBe(node.digest)
      expect((await ask(client, MessageNodeDocument, { id: node.id })).node).toEqual(node)
    }
  })
})

describe.each(readingTransports)('A page of messages around one of them, over %s,', (transport) => {
  test('has half of them before it, and tells whether there are more on both sides, in both origins', async () => {
    await using client = environment.connect(transport)
    for (const sessionId of ['hermes-1', segueId]) {
      const { edges: all } = await messagesOf(client, { sessionId })
      expect(all).toHaveLength(6)
      const around = (index: number) => requireNonNull(all[index]).node.id
      const middle = await messagesOf(client, { sessionId, first: 3, around: around(2) })
      expect(middle.edges).toEqual(all.slice(1, 4))
      expect(middle.pageInfo).toEqual({
        hasNextPage: true,
        hasPreviousPage: true,
        startCursor: all[1]?.cursor,
        endCursor: all[3]?.cursor,
      })
      const whole = await messagesOf(client, { sessionId, around: around(0) })
      expect(whole.edges).toEqual(all)
      expect(whole.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false })
      const one = await messagesOf(client, { sessionId, first: 1, around: around(5) })
      expect(one.edges).toEqual(all.slice(5))
      expect(one.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    }
  })

  test('is refused around a message of another session, and together with a cursor', async () => {
    await using client = environment.connect(transport)
    const { edges } = await messagesOf(client, { sessionId: segueId })
    const { cursor, node } = requireNonNull(edges[0])
    const refused = (path: string) => ({ code: 'BAD_USER_INPUT', path: [path] })
    const elsewhere = { sessionId: 'hermes-1', around: node.id }
    expect(await expectRefusal(client, MessagesDocument, elsewhere)).toMatchObject(refused('around'))
    for (const [name, value] of Object.entries({ after: cursor, before: cursor, last: 3 })) {
      const variables = { sessionId: segueId, around: node.id, [name]: value }
      expect(await expectRefusal(client, MessagesDocument, variables)).toMatchObject(refused(name))
    }
  })
})
