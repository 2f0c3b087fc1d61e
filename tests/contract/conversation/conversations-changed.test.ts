import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, follow, requireNonNull, readUntil, mutate } from '../support/typed-client.ts'
import { cancelStream, isEventOfType, newSession, startChat, streamChat, streamToEnd } from '../support/chat.ts'
import { type Client, connect, transports } from '../support/clients.ts'
import {
  AnswerClarificationDocument,
  CompactSessionDocument,
  ConversationsDocument,
  DeleteSessionsDocument,
  FollowConversationsDocument,
  type FollowConversationsSubscription,
  type FollowConversationsSubscriptionVariables,
  UpdateSessionDocument,
} from '../generated/graphql.ts'
import { newJob, runJob } from '../support/job.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

type Change = FollowConversationsSubscription['conversationsChanged']
type Changes = AsyncGenerator<Change, void, void>

let environment: TestEnvironment
let hermes: HermesDb
beforeAll(async () => {
  const old = (db: HermesDb): void => {
    hermes = db
    db.addSession('old', { title: 'Old', end_reason: 'cli_close' })
    db.addMessage('old', 2)
  }
  environment = await newTestEnvironment('http', { fillHermes: old })
})
afterAll(() => environment[Symbol.asyncDispose]())

async function* readChanges(client: Client, variables: FollowConversationsSubscriptionVariables): Changes {
  for await (const { conversationsChanged } of follow(client, FollowConversationsDocument, variables)) {
    yield conversationsChanged
  }
}

/** Yields the changes from now on. Reads the list when READY comes, as clients do. */
async function listen(client: Client, variables: FollowConversationsSubscriptionVariables = {}): Promise<Changes> {
  const changes = readChanges(client, variables)
  expect((await changes.next()).value).toEqual(ready)
  await ask(environment.client, ConversationsDocument, {})
  return changes
}

const ready = { kind: 'READY', conversationId: null, conversation: null, continuesIn: null }

const next = async (changes: Changes): Promise<Change> => (await readUntil(changes, isChange)).last

const isChange = (change: Change): change is Change => change !== null

/** Reads changes until one matches. */
async function until(changes: Changes, sessionId: string, holds: (change: Change) => boolean): Promise<Change> {
  const isIt = (change: Change): change is Change => change.conversationId === `cnv_${sessionId}` && holds(change)
  return (await readUntil(changes, isIt)).last
}

const isRemoved = ({ kind }: Change): boolean => kind === 'REMOVED'
const isThere = ({ kind }: Change): boolean => kind === 'UPSERTED'

describe.each(transports)('conversationsChanged, over %s,', (transport) => {
  let client: Client
  let changes: Changes
  beforeAll(async () => {
    client = connect(transport, environment.segue.url)
    changes = await listen(client)
  })
  afterAll(() => client[Symbol.asyncDispose]())

  test('emits a new conversation as a query returns it', async () => {
    const { id } = (await startChat(environment.client, { text: 'A new one' })).session
    const first = await next(changes)
    expect(first).toMatchObject({ kind: 'UPSERTED', conversationId: `cnv_${id}`, conversation: { title: 'A new one' } })
    const last = await until(changes, id, ({ conversation }) => conversation?.tip.activeStream === null)
    const read = await ask(environment.client, ConversationsDocument, { ids: [id] })
    expect(last.conversation).toMatchObject(requireNonNull(read.conversations.edges[0]).node)
  })

  test('emits a new title, a pin, a continuation and a deletion', async () => {
    const { end } = await streamToEnd(environment.client, { text: 'To be kept' })
    const id = end.sessionId
    await mutate(environment.client, UpdateSessionDocument, { id, title: 'Kept' })
    expect(await until(changes, id, (it) => it.conversation?.title === 'Kept')).toMatchObject({ kind: 'UPSERTED' })
    await mutate(environment.client, UpdateSessionDocument, { id, pinned: true })
    await until(changes, id, (it) => it.conversation?.tip.pinned === true)
    const { compactSession: tip } = await mutate(environment.client, CompactSessionDocument, { id })
    const compacted = await until(changes, id, (it) => it.conversation?.segmentCount === 2)
    expect(compacted.conversation?.tip.id).toBe(tip.id)
    await mutate(environment.client, DeleteSessionsDocument, { ids: [tip.id, id] })
    expect(await until(changes, id, isRemoved)).toEqual({
      ...ready,
      kind: 'REMOVED',
      conversationId: `cnv_${id}`,
    })
  })

  test('tells which conversation is left when the root of one is deleted', async () => {
    const { end } = await streamToEnd(environment.client, { text: 'To be cut' })
    const id = end.sessionId
    const { compactSession: tip } = await mutate(environment.client, CompactSessionDocument, { id })
    await until(changes, id, (it) => it.conversation?.segmentCount === 2)
    await mutate(environment.client, DeleteSessionsDocument, { ids: [id] })
    const removed = await until(changes, id, isRemoved)
    expect(removed).toMatchObject({ conversation: null, continuesIn: { id: `cnv_${tip.id}`, tip: { id: tip.id } } })
  })

  test('emits changes in the Hermes database: a message, a title, a merge into another conversation, a deletion', async () => {
    const [early, late] = [`early-${transport}`, `late-${transport}`]
    hermes.addSession(late, { title: `Late ${transport}` })
    hermes.addMessage(late, 4)
    await until(changes, late, isThere)
    hermes.db.prepare('UPDATE sessions SET title = ? WHERE id = ?').run(`New ${transport}`, late)
    await until(changes, late, (it) => it.conversation?.title === `New ${transport}`)
    hermes.addSession(early, { end_reason: 'compression' })
    hermes.addMessage(early, 3)
    await until(changes, early, isThere)
    hermes.db.prepare('UPDATE sessions SET parent_session_id = ? WHERE id = ?').run(early, late)
    expect(await until(changes, late, isRemoved)).toMatchObject({
      conversation: null,
      continuesIn: { id: `cnv_${early}`, tip: { id: late } },
    })
    hermes.addMessage(late, 5)
    const merged = await until(
      changes,
      early,
      ({ conversation }) => conversation?.lastActivityAt.includes('00:05') ?? false,
    )
    expect(merged.conversation).toMatchObject({ segmentCount: 2, tip: { id: late } })
    hermes.transaction(() => {
      hermes.db.exec(`DELETE FROM messages WHERE session_id LIKE '%-${transport}'`)
      hermes.db.exec(`DELETE FROM sessions WHERE id = '${late}'; DELETE FROM sessions WHERE id = '${early}'`)
    })
    await until(changes, early, isRemoved)
  })
})

describe('conversationsChanged', () => {
  test('emits a Hermes conversation that Segue continues under the id of its root', async () => {
    await using client = environment.connect('webSocket')
    const changes = await listen(client)
    const id = await newSession(environment.client, 'old')
    await startChat(environment.client, { sessionId: id, text: 'Go on' })
    const change = await until(changes, 'old', (it) => it.conversation?.tip.id === id)
    expect(change.conversation).toMatchObject({ segmentCount: 2, tip: { origin: 'SEGUE' } })
  })

  test('emits the start of a stream, a pending decision and the end, but not streaming text', async () => {
    await using client = environment.connect('webSocket')
    const changes = await listen(client)
    const [held, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    environment.provider.enqueue([
      { text: 'First' },
      { wait: held.promise },
      ...Array.from({ length: 500 }, (_, word) => ({ text: ` ${word}` })),
      { wait: go.promise },
      { finish: 'stop' },
    ])
    const events = streamChat(environment.client, { text: 'Talk' })
    const { sessionId: id } = (await readUntil(events, isEventOfType('TextDelta'))).last
    await until(changes, id, (it) => it.conversation?.tip.activeStream?.status === 'RUNNING')
    held.resolve()
    let text = ''
    while (!text.endsWith('499')) text += (await readUntil(events, isEventOfType('TextDelta'))).last.text
    await mutate(environment.client, UpdateSessionDocument, { id, title: 'After all the words' })
    // Earlier changes would have been emitted before.
    const { received } = await readUntil(
      changes,
      (it): it is Change => it.conversation?.title === 'After all the words',
    )
    expect(received.length).toBeLessThanOrEqual(2)
    go.resolve()
    await until(changes, id, (it) => it.conversation?.tip.activeStream === null)
  })

  test('emits a pending question and its answer, although another question stays pending', async () => {
    await using client = environment.connect('webSocket')
    const changes = await listen(client)
    const { session } = await startChat(environment.client, { text: '/ask One?\n/ask Two?', model: 'offline/eliza' })
    const waiting = (count: number) => (change: Change) =>
      change.conversation?.tip.pendingClarifications.length === count
    const change = await until(changes, session.id, waiting(2))
    const [first] = change.conversation?.tip.pendingClarifications ?? []
    await mutate(environment.client, AnswerClarificationDocument, { id: requireNonNull(first).id, answer: 'Yes' })
    await until(changes, session.id, waiting(1))
  })

  test('emits a new model, and a title that a user confirmed', async () => {
    await using client = environment.connect('webSocket')
    const changes = await listen(client)
    const { end } = await streamToEnd(environment.client, { text: 'Trees' })
    const { compactSession: tip } = await mutate(environment.client, CompactSessionDocument, { id: end.sessionId })
    await mutate(environment.client, UpdateSessionDocument, { id: tip.id, model: 'offline/eliza' })
    await until(changes, end.sessionId, (it) => it.conversation?.tip.model === 'offline/eliza')
    await mutate(environment.client, UpdateSessionDocument, { id: end.sessionId, title: 'Root' })
    await until(changes, end.sessionId, (it) => it.conversation?.title === 'Root')
    // The title is unchanged; only its source becomes PERSON.
    await mutate(environment.client, UpdateSessionDocument, { id: tip.id, title: 'Trees' })
    await until(changes, end.sessionId, (it) => it.conversation?.title === 'Trees')
  })

  test('emits a cancelled stream, and the run of a job', async () => {
    await using client = environment.connect('webSocket')
    const changes = await listen(client)
    environment.provider.enqueue([{ text: 'Half' }, { wait: new Promise<never>(() => undefined) }])
    const events = streamChat(environment.client, { text: 'Talk' })
    const { sessionId, streamId } = (await readUntil(events, isEventOfType('TextDelta'))).last
    await cancelStream(environment.client, requireNonNull(streamId))
    await until(changes, sessionId, (it) => it.conversation?.tip.activeStream === null)
    const { run } = await runJob(environment.client, (await newJob(environment.client, { prompt: 'Hello' })).id)
    const change = await until(changes, requireNonNull(run.session).id, isThere)
    expect(change.conversation?.tip.channel).toBe('CRON')
  })

  test('emits only changes of its profile, also if the profile was empty before', async () => {
    await using client = environment.connect('webSocket')
    const all = readChanges(client, { profile: 'work' })
    expect((await all.next()).value).toEqual(ready)
    await streamToEnd(environment.client, { text: 'Elsewhere' })
    await streamToEnd(environment.client, { text: 'At work', profile: 'work' })
    expect((await all.next()).value).toMatchObject({ conversation: { title: 'At work' } })
  })
})
