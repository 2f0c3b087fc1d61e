import { expect } from 'vitest'
import { z } from 'zod'
import type { PageEvent } from './chat-page.ts'
import { expectCurrentCache, readFreshRecords, type TestedClient } from './expect-current-cache.ts'
import { findStaleRecords } from './compare-records.ts'
import { type ServerUnderTest, toolName } from './server-under-test.ts'
import type { ChatsElsewhere } from './chats-elsewhere.ts'

export interface ScenarioWorld {
  readonly server: ServerUnderTest
  readonly tested: TestedClient
  /** Another client of the same server, whose connection is never cut. */
  readonly elsewhere: ChatsElsewhere
}

/** What happens to every client. After it, its cache equals a fresh read. */
export const scenarios: Readonly<Record<string, (world: ScenarioWorld) => Promise<void>>> = {
  'a chat': async ({ server, tested: { page } }) => {
    server.provider.enqueue([{ reasoning: 'Well.' }, { text: 'Hello' }, { text: ' there.' }, { finish: 'stop' }])
    page.follow('StreamChatSubscription', { input: { text: 'Hello!', key: crypto.randomUUID() } })
    await page.waitFor(isFinished('COMPLETED'))
  },

  'an answer that is cancelled in the middle': async ({ server, tested: { page, client } }) => {
    server.provider.enqueue([{ text: 'One half' }, { wait: new Promise(() => undefined) }])
    page.follow('StreamChatSubscription', { input: { text: 'Talk.', key: crypto.randomUUID() } })
    const { streamId } = await page.waitFor(isText)
    await client.mutate('CancelStreamMutation', { streamId })
    await page.waitFor(isFinished('CANCELLED'))
  },

  'the replay of everything': async ({ tested, elsewhere }) => {
    const { page, client } = tested
    const { sessionIds, streamIds } = await elsewhere.makeHistory()
    for (const id of sessionIds) await page.query('TranscriptQuery', { id })
    // Only its entities are compared: the deltas of a log are coalesced soon after the end of their stream.
    for (const sessionId of sessionIds) await client.query('EventsQuery', { sessionId })
    await expectCurrentCache(tested)
    // Nothing changes on the server from here on, so no event may change the cache, not even for a moment.
    const fresh = await readFreshRecords(tested)
    const stale: Promise<readonly string[]>[] = []
    const check = ({ __typename }: PageEvent): void => {
      const records = client.readRecords()
      stale.push(
        records.then((each) => findStaleRecords(each, fresh).map((text) => `After ${String(__typename)}: ${text}`)),
      )
    }
    const first = page.events.length
    for (const sessionId of sessionIds) {
      page.follow('FollowSessionSubscription', { sessionId, after: 0 }, check)
      const headSeq = await elsewhere.readHeadSeq(sessionId)
      if (headSeq > 0) await page.waitFor(({ sessionId: id, seq }) => id === sessionId && seq === headSeq, first)
    }
    for (const streamId of streamIds) {
      const start = page.events.length
      page.follow('FollowStreamSubscription', { streamId, after: 0 }, check)
      await page.waitFor((event) => event['streamId'] === streamId && isFinished()(event), start)
    }
    expect((await Promise.all(stale)).flat()).toEqual([])
  },

  'a connection that is cut during an answer': async ({ server, tested: { page }, elsewhere }) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    server.provider.enqueue([
      { text: 'One half' },
      { wait: released },
      { text: ', and the other.' },
      { finish: 'stop' },
    ])
    page.follow('StreamChatSubscription', { input: { text: 'Talk.', key: crypto.randomUUID() } })
    const { streamId } = await page.waitFor(isText)
    server.proxy.refuseConnections()
    release()
    await elsewhere.waitForStream(streamId, 'COMPLETED')
    server.proxy.acceptConnections()
    await page.waitFor(isFinished('COMPLETED'))
  },

  'an approval and a question that are answered elsewhere during a cut': async ({
    server,
    tested: { page },
    elsewhere,
  }) => {
    server.provider.enqueue([
      { toolCall: { id: 'call_1', name: toolName, arguments: ['{}'] } },
      { finish: 'tool_calls' },
    ])
    page.follow('StreamChatSubscription', { input: { text: 'Which process?', key: crypto.randomUUID() } })
    const { id, stream } = await page.waitFor(
      ({ __typename, state }) => __typename === 'Approval' && state === 'PENDING',
    )
    server.proxy.refuseConnections()
    server.provider.enqueue([{ toolCall: elsewhere.newQuestion('Which one?') }, { finish: 'tool_calls' }])
    server.provider.enqueue('Done.')
    await elsewhere.answerApproval(id)
    await elsewhere.answerQuestion(await elsewhere.waitForQuestion())
    await elsewhere.waitForStream(z.object({ id: z.string() }).parse(stream).id, 'COMPLETED')
    server.proxy.acceptConnections()
    await page.waitFor(({ __typename, state }) => __typename === 'Approval' && state === 'ANSWERED')
    await page.waitFor(({ __typename, state }) => __typename === 'Clarification' && state === 'ANSWERED')
    await page.waitFor(isFinished('COMPLETED'))
  },

  'a change of the list': async ({ tested: { page }, elsewhere }) => {
    await elsewhere.changeList()
    await page.waitForList()
  },

  'a change of the list during a cut': async ({ server, tested: { page }, elsewhere }) => {
    const first = page.events.length
    server.proxy.refuseConnections()
    await elsewhere.changeList()
    server.proxy.acceptConnections()
    await page.waitFor(({ kind }) => kind === 'READY', first)
  },
}

const isText = ({ __typename }: PageEvent): boolean => __typename === 'TextDelta'

const isFinished =
  (expected?: string) =>
  ({ __typename, status }: PageEvent): boolean =>
    __typename === 'StreamFinished' && (expected === undefined || status === expected)
