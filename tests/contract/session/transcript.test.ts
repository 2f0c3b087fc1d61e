import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { hermesSummary } from '../../support/hermes/hermes-chat.ts'
import { CompactSessionDocument, RegenerateDocument, TranscriptDocument } from '../generated/graphql.ts'
import { followStream, isEventOfType, newSession, streamToEnd } from '../support/chat.ts'
import { type Client, readingTransports } from '../support/clients.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { ask, expectRefusal, mutate, readUntil, requireNonNull } from '../support/typed-client.ts'

/** Two sessions of Hermes, of which the second begins with the first messages, a summary and the last messages of the first. */
function fillHermes(db: HermesDb): void {
  const add = (session: string, at: number, content: string, role: number) =>
    db.addMessage(session, at, { content, role: role % 2 === 0 ? 'user' : 'assistant' })
  db.addSession('early', { end_reason: 'compression', started_at: 0, ended_at: 10 })
  for (let number = 0; number < 6; number += 1) add('early', number, `Early ${number}`, number)
  db.addSession('late', { parent_session_id: 'early', started_at: 10, end_reason: 'cli_close', ended_at: 30 })
  add('late', 10, 'Early 0', 0)
  add('late', 11, hermesSummary('All that was said.'), 1)
  add('late', 12, 'Early 4', 0)
  add('late', 13, 'Early 5', 1)
  add('late', 20, 'Late 0', 0)
  add('late', 21, 'Late 1', 1)
}

const size = 3

async function readPage(client: Client, sessionId: string, page: object = {}) {
  return requireNonNull((await ask(client, TranscriptDocument, { sessionId, ...page })).session).transcript
}

const shorten = (text: string) => (text.includes('COMPACTION') || text.startsWith('In short') ? '(summary)' : text)

/** The texts of a transcript. It is the same in pages, in both directions. */
async function readTexts(client: Client, sessionId: string): Promise<string[]> {
  const { edges } = await readPage(client, sessionId)
  expect(new Set(edges.map(({ node }) => node.id)).size).toBe(edges.length)
  for (const backwards of [false, true]) {
    const paged: typeof edges = []
    for (let cursor: string | null = null; ;) {
      const page = await readPage(
        client,
        sessionId,
        backwards ? { last: size, before: cursor } : { first: size, after: cursor },
      )
      paged.splice(backwards ? 0 : paged.length, 0, ...page.edges)
      const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo
      expect(backwards ? hasNextPage : hasPreviousPage).toBe(cursor !== null)
      cursor = backwards ? startCursor : endCursor
      if (!(backwards ? hasPreviousPage : hasNextPage)) break
    }
    expect(paged).toEqual(edges)
  }
  return edges.map(({ node }) => shorten(node.text))
}

let environment: TestEnvironment
/** A session of Segue that continues both, and the one that continues it. */
let first: string
let second: string
beforeAll(async () => {
  environment = await newTestEnvironment('http', { fillHermes })
  const { client, provider } = environment
  first = await newSession(client, 'late')
  provider.enqueue('Answer 1')
  await streamToEnd(client, { sessionId: first, text: 'Question 1' })
  provider.enqueue('In short: questions.')
  second = (await mutate(client, CompactSessionDocument, { id: first })).compactSession.id
  provider.enqueue('Answer 2')
  await streamToEnd(client, { sessionId: second, text: 'Question 2' })
})
afterAll(() => environment[Symbol.asyncDispose]())

const early = Array.from({ length: 6 }, (_, number) => `Early ${number}`)
const late = [...early, '(summary)', 'Late 0', 'Late 1']
const whole = [...late, 'Question 1', 'Answer 1', '(summary)', 'Question 2', 'Answer 2']

describe.each(readingTransports)('A transcript, over %s,', (transport) => {
  test('has the messages of all sessions that a session continues, of both origins, each once', async () => {
    await using client = environment.connect(transport)
    expect(await readTexts(client, 'early')).toEqual(early)
    expect(await readTexts(client, 'late')).toEqual(late)
    expect(await readTexts(client, first)).toEqual(whole.slice(0, -3))
    expect(await readTexts(client, second)).toEqual(whole)
  })

  test('refuses a cursor of another list', async () => {
    await using client = environment.connect(transport)
    const cursor = requireNonNull((await readPage(client, second)).pageInfo.endCursor)
    const refused = { code: 'BAD_USER_INPUT', path: ['after'] }
    expect(await expectRefusal(client, TranscriptDocument, { sessionId: 'late', after: cursor })).toMatchObject(refused)
    expect(await expectRefusal(client, TranscriptDocument, { sessionId: second, after: 'x' })).toMatchObject(refused)
  })
})

test('The transcript of a retry has what was said before it once, and the new answer', async () => {
  const { client, provider } = environment
  const { edges } = await readPage(client, second)
  const question = requireNonNull(edges.find(({ node }) => node.text === 'Question 2')).node
  provider.enqueue('Answer 3')
  const { regenerate } = await mutate(client, RegenerateDocument, { messageId: question.id })
  await readUntil(followStream(client, regenerate.id), isEventOfType('StreamFinished'))
  expect(await readTexts(client, regenerate.session.id)).toEqual([...whole.slice(0, -1), 'Answer 3'])
  const own = requireNonNull(edges.find(({ node }) => node.text === 'Question 1')).node
  provider.enqueue('Answer 4')
  const { regenerate: other } = await mutate(client, RegenerateDocument, { messageId: own.id, text: 'Question 4' })
  await readUntil(followStream(client, other.id), isEventOfType('StreamFinished'))
  expect(await readTexts(client, other.session.id)).toEqual([...late, 'Question 4', 'Answer 4'])
})
