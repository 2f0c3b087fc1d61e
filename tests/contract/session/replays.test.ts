import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertInterfaceType, assertObjectType, buildSchema, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { yieldToEventLoop } from '../../../src/lib/async/yield-to-event-loop.ts'
import { newTool, newToolSource } from '../../support/fixtures/tools.ts'
import { newProvider } from '../../support/providers/provider.ts'
import { toolCallSteps } from '../../support/providers/openai-chunks.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { startTestSegue } from '../../support/server/segue.ts'
import { cancelStream, followStream, isEventOfType, startChat, streamToEnd } from '../support/chat.ts'
import { type Client, connect, type Transport, transports } from '../support/clients.ts'
import { buildDeepSelection } from '../support/deep-selection.ts'
import { NormalizedCache, pickScalars } from '../support/normalized-cache.ts'
import { follow, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'
import { AnswerApprovalDocument, AnswerClarificationDocument, CompactSessionDocument } from '../generated/graphql.ts'

const schema = buildSchema(readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8'))
const eventType = assertInterfaceType(schema.getType('ChatEvent'))
const everything = buildDeepSelection(schema, eventType, 2, false)
const followEverything = `subscription ($id: ID!, $after: Int) { followSession(sessionId: $id, after: $after) ${everything} }`
const listEverything = `query ($id: ID!) { events(sessionId: $id, first: 1000) ${everything} }`

const image = 'data:image/png;base64,iVBORw0KGgoA'
const imageChunk = {
  id: 'x',
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { images: [{ type: 'image_url', image_url: { url: image } }] } }],
}

async function startScene(transport: Transport) {
  await using resources = new AsyncDisposableStack()
  const provider = resources.use(await StrictProvider.start())
  const local = newProvider({ name: 'local', baseURL: provider.baseURL, models: ['test'], contextWindow: null })
  const segue = resources.use(
    await startTestSegue({
      settings: { providers: [local], model: 'local/test' },
      createToolSource: () => newToolSource(newTool()),
    }),
  )
  const client = resources.use(connect(transport, segue.url))
  const owned = resources.move()
  return { provider, client, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/**
 * A turn with reasoning, text, a file, a call that needs approval, a question, a message that is queued and taken back, and one
 * that joins the answer.
 */
async function chat(client: Client, provider: StrictProvider, sessionId: string | null): Promise<string> {
  provider.enqueue([
    { reasoning: 'Hm.' },
    { text: 'Let me ' },
    { raw: `data: ${JSON.stringify(imageChunk)}` },
    { text: 'write.' },
    ...toolCallSteps({ name: 'files__write', input: { n: 1 } }),
  ])
  provider.enqueue(toolCallSteps({ name: 'clarify', input: { question: 'Which one?', choices: ['Red', 'Blue'] } }))
  provider.enqueue([{ text: 'Red' }, { text: ' it ' }, { text: 'is.' }, { finish: 'stop' }])
  const { id, session } = await startChat(client, { text: 'Paint it.', sessionId })
  const events = followStream(client, id)
  const { approval } = (await readUntil(events, isEventOfType('ApprovalChanged'))).last
  const queued = await startChat(client, { text: 'Faster.', sessionId: session.id, ifBusy: 'QUEUE' })
  await cancelStream(client, queued.id)
  await startChat(client, { text: 'In red.', sessionId: session.id, ifBusy: 'STEER' })
  await mutate(client, AnswerApprovalDocument, { id: approval.id, decision: 'ONCE' })
  const { clarification } = (await readUntil(events, isEventOfType('ClarificationChanged'))).last
  await mutate(client, AnswerClarificationDocument, { id: clarification.id, answer: 'Red' })
  await readUntil(events, isEventOfType('StreamFinished'))
  return session.id
}

async function compact(client: Client, provider: StrictProvider, id: string): Promise<void> {
  provider.enqueue('All was painted.')
  await mutate(client, CompactSessionDocument, { id })
}

test('one document selects every field of every event without an alias', () => {
  expect(validate(schema, parse(followEverything))).toEqual([])
})

describe.each(transports)('A replay of everything, over %s,', (transport) => {
  test('runs over a log with every kind of event', async () => {
    await using scene = await startScene(transport)
    const { client, provider } = scene
    const id = await chat(client, provider, null)
    await compact(client, provider, id)
    interface Page {
      readonly events: readonly { readonly __typename: string }[]
    }
    const { data, errors } = await client.execute<Page, { id: string }>(listEverything, { id })
    expect(errors).toBeUndefined()
    const types = new Set(data?.events.map(({ __typename: type }) => type))
    const possible = schema.getPossibleTypes(eventType).map(({ name }) => name)
    expect(possible.filter((name) => !types.has(name))).toEqual(['StreamReset'])
  })

  test('while the session changes never takes a record back, and ends with what a fresh read returns', async () => {
    await using scene = await startScene(transport)
    const { client, provider } = scene
    const id = (await streamToEnd(client, { text: 'Hello' })).end.sessionId
    const caches: Promise<NormalizedCache>[] = []
    const replay = async (after: number): Promise<NormalizedCache> => {
      const cache = new NormalizedCache()
      for await (const event of follow<unknown, object>(client, followEverything, { id, after })) cache.write(event)
      return cache
    }
    const changes = (async () => {
      for (let turn = 0; turn < 2; turn += 1) await chat(client, provider, id)
      await compact(client, provider, id)
    })()
    for (let round = 0; round < 12; round += 1) {
      caches.push(replay(Math.floor(Math.random() * 4)))
      for (let pause = 0; pause < Math.random() * 40; pause += 1) await yieldToEventLoop()
    }
    await changes
    caches.push(replay(0))
    for (const { records } of await Promise.all(caches)) await expectFresh(client, records)
  })
})

/** Compares the records of the types that change with a fresh read of each. */
async function expectFresh(
  client: Client,
  records: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Promise<void> {
  for (const name of ['Stream', 'Message', 'Session', 'Approval', 'Clarification']) {
    const selection = buildDeepSelection(schema, assertObjectType(schema.getType(name)), 0, false)
    const query = `query ($id: ID!) { node(id: $id) { ... on ${name} ${selection} } }`
    for (const [key, record] of records) {
      if (record['__typename'] !== name) continue
      const { data } = await client.execute<{ node: Record<string, unknown> }, object>(query, { id: record['id'] })
      const fresh = Object.entries(pickScalars(requireNonNull(data?.node)))
      expect(record, key).toMatchObject(Object.fromEntries(fresh.filter(([field]) => field in record)))
    }
  }
}
