import { describe, expect, test } from 'vitest'
import { ask, follow, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'
import { followStream, isEventOfType, loadSession, loadTranscript, newSession, streamToEnd } from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import {
  CompactSessionDocument,
  ConversationOfSessionDocument,
  ConversationsDocument,
  DeleteSessionDocument,
  FollowConversationsDocument,
  ForkSessionDocument,
  MessagesDocument,
  RegenerateDocument,
  type RegenerateMutationVariables,
  SearchDocument,
} from '../generated/graphql.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

const messagesOf = async (client: Client, sessionId: string) =>
  requireNonNull((await ask(client, MessagesDocument, { sessionId })).session).messages.edges.map(({ node }) => node)

const conversationOf = async (client: Client, id: string) =>
  requireNonNull((await ask(client, ConversationOfSessionDocument, { id })).session).conversation

const listConversations = async (client: Client) =>
  (await ask(client, ConversationsDocument, {})).conversations.edges.map(({ node }) => node)

/** Sends a message, and returns the session with its messages. */
async function chat({ client, provider }: TestEnvironment, sessionId: string | null, text: string, answer: string) {
  provider.enqueue(answer)
  const { end } = await streamToEnd(client, { sessionId, text })
  const { id } = end.stream.session
  return { id, messages: await messagesOf(client, id) }
}

/** Tries a turn again, and returns the retry with its messages. */
async function retry({ client, provider }: TestEnvironment, variables: RegenerateMutationVariables, answer: string) {
  provider.enqueue(answer)
  const { regenerate: stream } = await mutate(client, RegenerateDocument, variables)
  await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
  const { id } = stream.session
  return { id, messages: await messagesOf(client, id) }
}

/** The ids of the alternatives of each message. */
const alternativesOf = (messages: Awaited<ReturnType<typeof messagesOf>>): string[][] =>
  messages.map(({ alternatives }) => alternatives.map(({ id }) => id))

const idsOf = (messages: readonly { readonly id: string }[]): string[] => messages.map(({ id }) => id)

describe.each(transports)('A turn that is tried again, over %s,', (transport) => {
  test('stays in its conversation, in the place of the session that it was made from; a fork is a new conversation', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    await chat(environment, null, 'First', 'One.')
    const { id, messages } = await chat(environment, null, 'Second', 'Two.')
    const again = await retry(environment, { messageId: messages[1]?.id ?? '' }, 'Two, again.')
    const third = await retry(environment, { messageId: again.messages[0]?.id ?? '', text: 'Third' }, 'Three.')

    const [conversation, ...others] = await listConversations(client)
    expect(others).toHaveLength(1)
    expect(conversation).toMatchObject({ segmentCount: 3, root: { id }, tip: { id: third.id }, title: 'Second' })
    expect(idsOf(conversation?.segments ?? [])).toEqual([id, again.id, third.id])
    for (const [one, question] of [
      [again, messages[0]],
      [third, again.messages[0]],
    ] as const) {
      expect(await loadSession(client, one.id)).toMatchObject({
        parent: null,
        lineageRoot: { id },
        segmentCount: 1,
        forkedFrom: null,
        retryOf: { id: question?.id },
      })
    }
    await mutate(client, ForkSessionDocument, { messageId: third.messages[1]?.id ?? '' })
    expect(await listConversations(client)).toHaveLength(3)
  })

  test('changes its conversation in the live list, and adds none', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id, messages } = await chat(environment, null, 'First', 'One.')
    const changes = follow(environment.connect('webSocket'), FollowConversationsDocument, {})
    expect((await changes.next()).value?.conversationsChanged.kind).toBe('READY')
    const again = await retry(environment, { messageId: messages[1]?.id ?? '' }, 'Another one.')
    for await (const { conversationsChanged: change } of changes) {
      expect(change).toMatchObject({ kind: 'UPSERTED', conversation: { root: { id } } })
      if (change.conversation?.tip.id === again.id && change.conversation.tip.activeStream === null) break
    }
    expect(await listConversations(client)).toHaveLength(1)
  })

  test('has alternatives: the same set from each try, and also for turns that later retries have copied', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client } = environment
    const { id } = await chat(environment, null, 'First', 'One.')
    await chat(environment, id, 'Second', 'Two.')
    const [u1, a1, u2, a2] = idsOf(await messagesOf(client, id))
    const again = await retry(environment, { messageId: a1 ?? '' }, 'One, again.')
    const [u1b, a1b] = idsOf(again.messages)
    const later = await retry(environment, { messageId: a2 ?? '' }, 'Two, again.')
    const [u1c, a1c, u2b, a2b] = idsOf(later.messages)
    const latest = await retry(environment, { messageId: a2b ?? '', text: 'Second, again' }, 'Two, a third time.')
    const [u1d, a1d, u2c, a2c] = idsOf(latest.messages)
    const ofCopy = await retry(environment, { messageId: a1d ?? '' }, 'One, a third time.')
    const [u1e, a1e] = idsOf(ofCopy.messages)

    expect(alternativesOf(await messagesOf(client, id))).toEqual([
      [u1, u1b, u1e],
      [a1, a1b, a1e],
      [u2, u2b, u2c],
      [a2, a2b, a2c],
    ])
    expect(alternativesOf(await messagesOf(client, latest.id))).toEqual([
      [u1d, u1b, u1e],
      [a1d, a1b, a1e],
      [u2, u2b, u2c],
      [a2, a2b, a2c],
    ])
    expect(alternativesOf(await messagesOf(client, ofCopy.id))).toEqual([
      [u1, u1b, u1e],
      [a1, a1b, a1e],
    ])
    expect((await messagesOf(client, later.id)).map(({ copyOf }) => copyOf?.id ?? null)).toEqual([u1, a1, null, null])
    expect((await messagesOf(client, latest.id)).map(({ copyOf }) => copyOf?.id ?? null)).toEqual([u1, a1, null, null])
    expect([u1c, a1c]).not.toContain(u1)
  })

  test('without an answer is among the alternatives of its user messages only, and with a streaming one among both', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { id, messages } = await chat(environment, null, 'First', 'One.')
    const [u1, a1] = idsOf(messages)
    provider.enqueue([{ status: 401, body: 'No.' }])
    const { regenerate: failing } = await mutate(client, RegenerateDocument, { messageId: a1 ?? '' })
    await readUntil(followStream(client, failing.id), isEventOfType('StreamFinished'))
    const [u2, ...more] = idsOf(await messagesOf(client, failing.session.id))
    expect(more).toEqual([])

    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
    const { regenerate: stream } = await mutate(client, RegenerateDocument, { messageId: u2 ?? '' })
    const { last } = await readUntil(followStream(client, stream.id), isEventOfType('TextDelta'))
    const [u3, a3] = idsOf(await messagesOf(client, stream.session.id))
    expect(a3).toBe(last.messageId)
    const expected = [
      [u1, u2, u3],
      [a1, a3],
    ]
    expect(alternativesOf(await messagesOf(client, id))).toEqual(expected)
    expect(alternativesOf(await messagesOf(client, stream.session.id))).toEqual(expected)
    held.resolve()
    await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
    expect(alternativesOf(await messagesOf(client, id))).toEqual(expected)
  })

  test('is made with other files and another model, if they are given', async () => {
    await using environment = await newTestEnvironment(transport)
    const { provider } = environment
    const { messages } = await chat(environment, null, 'Look', 'Yes.')
    const [messageId = ''] = idsOf(messages)
    const file = { name: 'a.txt', mediaType: 'text/plain', url: 'data:text/plain,apples' }
    const withFile = await retry(environment, { messageId, files: [file], model: 'local/test' }, 'Apples.')
    expect(withFile.messages[0]).toMatchObject({ text: 'Look', parts: [{}, { name: 'a.txt' }] })
    const kept = await retry(environment, { messageId: withFile.messages[0]?.id ?? '', text: 'And?' }, 'Apples.')
    expect(kept.messages[0]).toMatchObject({ text: 'And?', parts: [{}, { name: 'a.txt' }] })
    const without = await retry(environment, { messageId: kept.messages[0]?.id ?? '', files: [] }, 'None.')
    expect(without.messages[0]).toMatchObject({ text: 'And?', parts: [{}] })
    expect(provider.rejections).toEqual([])
  })
})

describe('Retries in a conversation', () => {
  test('of several segments take the place of their segment, and are continued by themselves', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider } = environment
    const { id } = await chat(environment, null, 'First', 'One.')
    provider.enqueue('In short: one.')
    const { compactSession: next } = await mutate(client, CompactSessionDocument, { id })
    const { messages } = await chat(environment, next.id, 'Second', 'Two.')
    const again = await retry(environment, { messageId: messages.at(-1)?.id ?? '' }, 'Two, again.')
    const lineage = { parent: { id }, lineageRoot: { id }, segmentCount: 2 }
    expect(await loadSession(client, again.id)).toMatchObject(lineage)
    expect(await loadSession(client, id)).toMatchObject({ continuedBy: { id: again.id } })
    const { modelContext } = await loadSession(client, again.id)
    // Nothing is inherited twice.
    expect(JSON.stringify(modelContext).match(/In short: one\./g)).toHaveLength(1)
    expect(JSON.stringify(modelContext).match(/First/g)).toHaveLength(
      JSON.stringify((await loadSession(client, next.id)).modelContext).match(/First/g)?.length ?? 0,
    )

    provider.enqueue('In short: two.')
    const { compactSession: last } = await mutate(client, CompactSessionDocument, { id: again.id })
    expect(last).toMatchObject({ parent: { id: again.id }, lineageRoot: { id }, segmentCount: 3 })
    const conversation = await conversationOf(client, last.id)
    expect(conversation).toMatchObject({ segmentCount: 4, root: { id }, tip: { id: last.id } })
    expect(await listConversations(client)).toHaveLength(1)
  })

  test('take over the place of a session that is deleted, the oldest first', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider } = environment
    const { id } = await chat(environment, null, 'First', 'One.')
    provider.enqueue('In short: one.')
    const { compactSession: next } = await mutate(client, CompactSessionDocument, { id })
    const { messages } = await chat(environment, next.id, 'Second', 'Two.')
    const first = await retry(environment, { messageId: messages.at(-1)?.id ?? '' }, 'Two, again.')
    const second = await retry(environment, { messageId: messages.at(-1)?.id ?? '' }, 'Two, a third time.')
    await mutate(client, DeleteSessionDocument, { id: next.id })
    for (const one of [first, second]) {
      expect(await loadSession(client, one.id)).toMatchObject({
        parent: { id },
        lineageRoot: { id },
        segmentCount: 2,
        retryOf: null,
      })
      // The summary that they began with was a copy.
      const { modelContext } = await loadSession(client, one.id)
      expect(JSON.stringify(modelContext).match(/In short: one\./g)).toHaveLength(1)
    }
    expect(alternativesOf(await messagesOf(client, first.id)).at(-1)).toEqual([
      first.messages.at(-1)?.id,
      second.messages.at(-1)?.id,
    ])
    await mutate(client, DeleteSessionDocument, { id })
    expect(await loadSession(client, second.id)).toMatchObject({ parent: null, lineageRoot: { id: first.id } })
    expect(await listConversations(client)).toMatchObject([{ root: { id: first.id }, segmentCount: 2 }])
    const [, answer] = first.messages.slice(-2)
    expect(answer?.copyOf ?? null).toBeNull()
  })

  test('are found by search with their own messages only, and a copy once its original is deleted', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { id } = await chat(environment, null, 'Which marmots?', 'Alpine ones.')
    const { messages } = await chat(environment, id, 'Which badgers?', 'Honey ones.')
    const first = await retry(environment, { messageId: messages[3]?.id ?? '' }, 'European ones.')
    const second = await retry(environment, { messageId: messages[3]?.id ?? '' }, 'Asian ones.')
    const search = async (query: string) =>
      (await ask(client, SearchDocument, { query })).search?.edges.flatMap(({ node }) => node.message?.id ?? [])
    expect(await search('alpine')).toEqual([messages[1]?.id])
    expect(await search('badgers')).toHaveLength(3)
    await mutate(client, DeleteSessionDocument, { id })
    expect(await search('alpine')).toEqual([first.messages[1]?.id])
    expect((await messagesOf(client, second.id)).map(({ copyOf }) => copyOf)).toEqual([null, null, null, null])
    await mutate(client, DeleteSessionDocument, { id: first.id })
    expect(await search('alpine')).toEqual([second.messages[1]?.id])
  })

  test('of a Hermes turn belong to the conversation of its root, with the messages of Hermes as alternatives', async () => {
    await using environment = await newTestEnvironment('http', {
      fillHermes: (db) => {
        db.addSession('hermes-1', { end_reason: 'compression' })
        db.addMessage('hermes-1', 1, { content: 'First' })
        db.addMessage('hermes-1', 2, { role: 'assistant', content: 'One.' })
        db.addSession('hermes-2', { parent_session_id: 'hermes-1', started_at: 10 })
        db.addMessage('hermes-2', 11, { content: 'Second' })
        db.addToolCalls('hermes-2', 12, ['c'])
        db.addToolResult('hermes-2', 13, 'c', 'Done.')
        db.addMessage('hermes-2', 14, { role: 'assistant', content: 'Two.' })
        db.addMessage('hermes-2', 15, { content: 'Third' })
        db.addMessage('hermes-2', 16, { role: 'assistant', content: 'Three.' })
      },
    })
    const { client, provider } = environment
    const hermes = await messagesOf(client, 'hermes-2')
    const first = await retry(environment, { messageId: hermes.at(-1)?.id ?? '' }, 'Three, again.')
    const inCopy = first.messages.find(({ text }) => text === 'Second')
    const second = await retry(environment, { messageId: inCopy?.id ?? '' }, 'Two, again.')
    for (const { id } of [first, second]) {
      expect(await loadSession(client, id)).toMatchObject({
        parent: { id: 'hermes-1' },
        lineageRoot: { id: 'hermes-1' },
        segmentCount: 2,
        forkedFrom: null,
      })
    }
    expect(await listConversations(client)).toMatchObject([
      { root: { id: 'hermes-1' }, tip: { id: second.id }, segmentCount: 4 },
    ])
    expect(await loadSession(client, 'hermes-1')).toMatchObject({ continuedBy: { id: second.id } })

    const [u2, , a2, u3, a3] = idsOf(hermes)
    expect(hermes.map(({ text }) => text)).toEqual(['Second', '', 'Two.', 'Third', 'Three.'])
    const [u2b, a2b] = idsOf(second.messages.slice(-2))
    const [u3b, a3b] = idsOf(first.messages.slice(-2))
    const inHermes = alternativesOf(await messagesOf(client, 'hermes-2'))
    expect(inHermes).toEqual([[u2, u2b], [hermes[1]?.id], [a2, a2b], [u3, u3b], [a3, a3b]])
    expect(alternativesOf(second.messages).slice(-2)).toEqual([
      [u2, u2b],
      [a2, a2b],
    ])
    const copies = await messagesOf(client, first.id)
    expect(copies.slice(-5).map(({ copyOf }) => copyOf?.id ?? null)).toEqual([u2, hermes[1]?.id, a2, null, null])
    expect(alternativesOf(copies).slice(-5)).toEqual([
      [copies.at(-5)?.id, u2b],
      [copies.at(-4)?.id],
      [copies.at(-3)?.id, a2b],
      [u3, u3b],
      [a3, a3b],
    ])
    expect(provider.rejections).toEqual([])
    const continuation = await newSession(client, 'hermes-1')
    await chat(environment, continuation, 'On', 'Yes.')
    expect(await loadTranscript(client, continuation)).toEqual(['USER On', 'ASSISTANT Yes.'])
    expect(await listConversations(client)).toHaveLength(1)
  })

  test('of a turn that Hermes has removed have its oldest copy as an alternative', async () => {
    const hermes: HermesDb[] = []
    await using environment = await newTestEnvironment('http', {
      fillHermes: (db) => {
        hermes.push(db)
        db.addSession('hermes')
        for (const [index, content] of ['First', 'One.', 'Second', 'Two.'].entries())
          db.addMessage('hermes', index + 1, { role: index % 2 === 0 ? 'user' : 'assistant', content })
      },
    })
    const { client } = environment
    const [, answer, , last] = idsOf(await messagesOf(client, 'hermes'))
    const later = await retry(environment, { messageId: last ?? '' }, 'Two, again.')
    const latest = await retry(environment, { messageId: last ?? '' }, 'Two, a third time.')
    const earlier = await retry(environment, { messageId: answer ?? '' }, 'One, again.')
    hermes[0]?.removeSession('hermes')
    const [u1, a1] = idsOf(earlier.messages)
    const [copyOfQuestion, copyOfAnswer, u2, a2] = idsOf(later.messages)
    const [copyOfQuestion2, copyOfAnswer2, u2b, a2b] = idsOf(latest.messages)
    const ofSecond = [
      [u2, u2b],
      [a2, a2b],
    ]
    expect(alternativesOf(await messagesOf(client, earlier.id))).toEqual([
      [copyOfQuestion, u1],
      [copyOfAnswer, a1],
    ])
    expect(alternativesOf(await messagesOf(client, later.id))).toEqual([
      [copyOfQuestion, u1],
      [copyOfAnswer, a1],
      ...ofSecond,
    ])
    expect(alternativesOf(await messagesOf(client, latest.id))).toEqual([
      [copyOfQuestion2, u1],
      [copyOfAnswer2, a1],
      ...ofSecond,
    ])
  })
})
