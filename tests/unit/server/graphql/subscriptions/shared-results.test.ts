import fc from 'fast-check'
import { type ExecutionResult, isObjectType, parse } from 'graphql'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { yieldToEventLoop } from '../../../../../src/lib/async/yield-to-event-loop.ts'
import { localViewer, type Viewer } from '../../../../../src/model/viewer.ts'
import { createContext } from '../../../../../src/schema/context.ts'
import { schema } from '../../../../../src/schema/schema.ts'
import { SharedExecutions } from '../../../../../src/server/graphql/subscriptions/shared-executions.ts'
import { subscribeToOperation } from '../../../../../src/server/graphql/subscriptions/subscribe-to-operation.ts'
import {
  isSubscriptionResults,
  type SubscriptionResults,
} from '../../../../../src/server/graphql/subscriptions/subscription-results.ts'
import { EventStream } from '../../../../support/clients/event-stream.ts'
import type { ProviderStep } from '../../../../support/providers/openai-chunks.ts'
import { RawSocket } from '../../../../support/server/raw-socket.ts'
import { type SegueWithProvider, startSegueWithProvider } from '../../../../support/server/segue-with-provider.ts'
import { waitUntil } from '../../../../support/wait-until.ts'

const query = `subscription ($id: ID!, $after: Int) { followStream(streamId: $id, after: $after) {
  __typename seq ... on TextDelta { offset text } ... on StreamFinished { status message { text digest } } } }`
const otherQuery =
  'subscription ($id: ID!, $after: Int) { followStream(streamId: $id, after: $after) { seq streamId } }'

const wholeQuery = `subscription ($id: ID!, $after: Int) { followStream(streamId: $id, after: $after) {
  __typename seq at sessionId
  ... on StreamStarted { stream { id status startedAt session { id title messageCount } userMessage { id text } } }
  ... on StreamFinished { stream { status usage { inputTokens } } message { text parts { __typename } session { id } } } } }`

let provided: SegueWithProvider
beforeEach(async () => void (provided = await startSegueWithProvider()))
afterEach(() => provided[Symbol.asyncDispose]())

/** Starts an answer of these texts. Each waits until all before it have been received by this many subscribers. */
async function startAnswer(texts: readonly string[], isReceived: (index: number) => Promise<void>): Promise<string> {
  const script = texts.flatMap((text, index): ProviderStep[] => {
    const wait = index === 0 ? Promise.resolve() : isReceived(index)
    return [{ wait }, { text }]
  })
  provided.provider.enqueue([...script, { finish: 'stop' }, { usage: { input: 1, output: 1 } }])
  return (await provided.client.start({ text: 'Go.' })).id
}

/** Counts how often a field of an event is resolved. */
function countResolutions(typeName: string, field: string) {
  const type = schema.getType(typeName)
  if (!isObjectType(type)) throw new TypeError(`${typeName} is no object type.`)
  const definition = type.getFields()[field]
  if (!definition?.resolve) throw new TypeError(`${typeName}.${field} has no resolver.`)
  const { resolve } = definition
  const spy = vi.fn<typeof resolve>(resolve)
  definition.resolve = spy
  return Object.assign(spy, { [Symbol.dispose]: () => void (definition.resolve = resolve) })
}

const waitForSubscribers = (count: number): Promise<void> =>
  waitUntil(() => provided.segue.defaultProfile.chats.eventLog.stats.waiting === count)

test('an event is executed once for 200 subscribers over WebSocket and server-sent events, and all get it', async () => {
  // Before the document has a plan, which keeps the resolvers.
  using offsets = countResolutions('TextDelta', 'offset')
  const released = Promise.withResolvers<void>()
  const id = await startAnswer(['One ', 'two ', 'three'], () => released.promise)
  const variables = { id, after: 0 }
  const sockets = await Promise.all(Array.from({ length: 10 }, () => RawSocket.open(provided.segue.url)))
  for (const socket of sockets) {
    for (let number = 0; number < 10; number += 1) socket.subscribe(String(number), query, variables)
  }
  const open = () => EventStream.open(provided.segue.url, { query, variables })
  const streams = await Promise.all(Array.from({ length: 100 }, open))
  await waitForSubscribers(200)
  offsets.mockClear()
  released.resolve()

  const received = await Promise.all(streams.map((stream) => stream.readToEnd()))
  const [first] = received
  for (const events of received) expect(events).toEqual(first)
  const afterRelease = first?.filter(({ data }) => data.includes('"TextDelta"') && !data.includes('One')) ?? []
  expect(afterRelease.length).toBeGreaterThan(0)
  expect(offsets).toHaveBeenCalledTimes(afterRelease.length)
  for (const socket of sockets) {
    const payloads = new Map<string, string[]>()
    for (let ended = 0; ended < 10;) {
      const { type, id: operation = '', payload } = await socket.next()
      if (type === 'complete') ended += 1
      else payloads.set(operation, [...(payloads.get(operation) ?? []), JSON.stringify(payload)])
    }
    for (const own of payloads.values())
      expect(own).toEqual(first?.filter(({ event }) => event === 'next').map(({ data }) => data))
    await socket.close()
  }
})

class NoSharedExecutions extends SharedExecutions {
  override join(): null {
    return null
  }
}

interface Subscriber {
  readonly document: ReturnType<typeof parse>
  readonly after: number
  readonly viewer: Viewer
  /** How many turns of the event loop it takes to send a result. */
  readonly delays: readonly number[]
  /** Whether its transport can send a result at once. */
  readonly accepts: readonly boolean[]
}

async function subscribe(id: string, { document, after, viewer }: Subscriber, executions: SharedExecutions) {
  const results = await subscribeToOperation(
    {
      schema,
      document,
      variableValues: { id, after },
      contextValue: createContext(provided.segue.profiles, { viewer }),
    },
    // What is shared is executed by a plan, and what is not by graphql-js: the results must be the same.
    {
      formatResult: (result) => result,
      sharedExecutions: executions,
      usesPlans: !(executions instanceof NoSharedExecutions),
    },
  )
  if (!isSubscriptionResults(results)) throw new Error(JSON.stringify(results))
  return results
}

async function readAll(results: SubscriptionResults, { delays, accepts }: Subscriber): Promise<string[]> {
  const received: ExecutionResult[] = []
  let offered = 0
  results.sendSharedTo({
    trySend(result) {
      const accepted = accepts[(offered += 1) % accepts.length] ?? true
      if (accepted) received.push(result)
      return accepted
    },
  })
  for await (const result of results) {
    received.push(result)
    for (let turn = 0; turn < (delays[received.length % delays.length] ?? 0); turn += 1) await yieldToEventLoop()
  }
  return received.map((result) => JSON.stringify(result).replace(resetTimePattern, '$1'))
}

/** A reset tells when it is sent. */
const resetTimePattern = /("__typename":"StreamReset".*?)"at":"[^"]*"/

const documents = [query, otherQuery, wholeQuery].map((text) => parse(text))
const viewers: readonly Viewer[] = [localViewer, { name: 'reader', role: 'READ', profiles: ['default'] }]
const subscribers = fc.array(
  fc.record({
    document: fc.constantFrom(...documents),
    after: fc.nat({ max: 6 }),
    viewer: fc.constantFrom(...viewers),
    delays: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 4 }),
    accepts: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 8 },
)

test('subscribers that share executions receive what they would receive alone, whatever their pace', async () => {
  await fc.assert(
    fc.asyncProperty(subscribers, fc.array(fc.nat({ max: 4 }), { maxLength: 12 }), async (all, pauses) => {
      const texts = ['First', ...pauses.map((_, index) => ` ${index}`)]
      const id = await startAnswer(texts, async (index) => {
        for (let turn = 0; turn < (pauses[index - 1] ?? 0); turn += 1) await yieldToEventLoop()
      })
      const [shared, alone] = [new SharedExecutions(), new NoSharedExecutions()]
      const read = async (executions: SharedExecutions) =>
        Promise.all(all.map(async (each) => readAll(await subscribe(id, each, executions), each)))
      const [together, separate] = await Promise.all([read(shared), read(alone)])
      expect(together).toEqual(separate)
    }),
    { numRuns: 10 },
  )
})
