import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startSegueWithProvider, type SegueWithProvider } from '../../../support/server/segue-with-provider.ts'
import { newHome } from '../../../support/server/segue.ts'
import { newLatch, type Latch } from '../../../support/fixtures/chats/agent-chats.ts'

const messagesQuery = /* GraphQL */ `
  query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    session(id: $id) {
      messages(first: $first, after: $after, last: $last, before: $before) {
        edges {
          cursor
          node {
            role
            status
            text
          }
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
          endCursor
        }
      }
    }
  }
`

const pageSchema = z.object({
  edges: z.array(
    z.object({ cursor: z.string(), node: z.object({ role: z.string(), status: z.string(), text: z.string() }) }),
  ),
  pageInfo: z.object({
    hasNextPage: z.boolean(),
    hasPreviousPage: z.boolean(),
    startCursor: z.string().nullable(),
    endCursor: z.string().nullable(),
  }),
})

type Page = z.output<typeof pageSchema>

interface PageArguments {
  readonly first?: number
  readonly after?: string | null
  readonly last?: number
  readonly before?: string | null
}

let home: string
let world: SegueWithProvider

beforeEach(async () => {
  home = newHome()
  world = await startSegueWithProvider({ settings: { home } })
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

async function loadPage(id: string, pageArguments: PageArguments = {}): Promise<Page> {
  const { session } = await world.client.ask(messagesQuery, { id, ...pageArguments })
  return z.object({ messages: pageSchema }).parse(session).messages
}

const textsOf = ({ edges }: Page): string[] => edges.map(({ node }) => node.text)

/** All pages of this size, from the oldest message to the newest or the other way round. */
async function loadAllPages(id: string, size: number, direction: 'first' | 'last'): Promise<Page[]> {
  const pages: Page[] = []
  const maxPages = 20
  let bounds: PageArguments = {}
  while (pages.length < maxPages) {
    const page = await loadPage(id, { [direction]: size, ...bounds })
    pages.push(page)
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo
    if (!(direction === 'first' ? hasNextPage : hasPreviousPage)) break
    bounds = direction === 'first' ? { after: endCursor } : { before: startCursor }
  }
  return direction === 'first' ? pages : pages.toReversed()
}

interface StreamingChat {
  readonly sessionId: string
  readonly streamId: string
  readonly rest: Latch
}

/** An answer that has streamed "Hel", after which messages were queued and withdrawn. */
async function startChatWithWithdrawnMessages(withdrawn: readonly string[]): Promise<StreamingChat> {
  const rest = newLatch()
  world.provider.enqueue([{ text: 'Hel' }, { wait: rest.opened }, { text: 'lo' }, { finish: 'stop' }])
  const stream = await world.client.start({ text: 'First' })
  const sessionId = stream.session.id
  await world.newReader(stream.id).readUntil((reader) => reader.text === 'Hel')
  for (const text of withdrawn) {
    const queued = await world.client.start({ sessionId, text, ifBusy: 'QUEUE' })
    await world.client.cancel(queued.id)
  }
  return { sessionId, streamId: stream.id, rest }
}

async function finishAnswer({ streamId, rest }: StreamingChat): Promise<void> {
  rest.open()
  await world.newReader(streamId).readToEnd()
}

describe('a message that is withdrawn while an answer streams', () => {
  test('follows the answer, during the stream as after it', async () => {
    const chat = await startChatWithWithdrawnMessages(['Second'])
    const during = await loadPage(chat.sessionId)
    expect(during.edges.map(({ node }) => node)).toMatchObject([
      { role: 'USER', text: 'First' },
      { role: 'ASSISTANT', status: 'STREAMING', text: 'Hel' },
      { role: 'USER', text: 'Second' },
    ])
    await finishAnswer(chat)
    const afterwards = await loadPage(chat.sessionId)
    expect(textsOf(afterwards)).toEqual(['First', 'Hello', 'Second'])
    expect(afterwards.edges.map(({ cursor }) => cursor)).toEqual(during.edges.map(({ cursor }) => cursor))
  })

  test('leaves the answer on the first page of two', async () => {
    const { sessionId } = await startChatWithWithdrawnMessages(['Second'])
    const page = await loadPage(sessionId, { first: 2 })
    expect(textsOf(page)).toEqual(['First', 'Hel'])
    expect(page.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    const next = await loadPage(sessionId, { first: 2, after: page.pageInfo.endCursor })
    expect(textsOf(next)).toEqual(['Second'])
    expect(next.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
  })

  test('is the last message, not the answer', async () => {
    const { sessionId } = await startChatWithWithdrawnMessages(['Second'])
    const page = await loadPage(sessionId, { last: 1 })
    expect(textsOf(page)).toEqual(['Second'])
    expect(page.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    const previous = await loadPage(sessionId, { last: 1, before: page.pageInfo.startCursor })
    expect(textsOf(previous)).toEqual(['Hel'])
    expect(previous.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
  })

  test.each([1, 2, 3, 4, 5])('has the answer on exactly one page of %i messages, in both directions', async (size) => {
    const { sessionId } = await startChatWithWithdrawnMessages(['Second', 'Third'])
    const all = ['First', 'Hel', 'Second', 'Third']
    for (const direction of ['first', 'last'] as const) {
      const pages = await loadAllPages(sessionId, size, direction)
      expect(pages.flatMap(textsOf), direction).toEqual(all)
      expect(pages, direction).toHaveLength(Math.ceil(all.length / size))
    }
  })

  test('leaves the answer next to a cursor on either side of it', async () => {
    const { sessionId } = await startChatWithWithdrawnMessages(['Second', 'Third'])
    const cursors = (await loadPage(sessionId)).edges.map(({ cursor }) => cursor)
    const [first = '', answer = '', second = ''] = cursors
    expect(textsOf(await loadPage(sessionId, { first: 1, after: first }))).toEqual(['Hel'])
    expect(textsOf(await loadPage(sessionId, { last: 1, before: second }))).toEqual(['Hel'])
    expect(textsOf(await loadPage(sessionId, { first: 10, after: first, before: second }))).toEqual(['Hel'])
    expect(textsOf(await loadPage(sessionId, { first: 1, after: answer }))).toEqual(['Second'])
    expect(textsOf(await loadPage(sessionId, { last: 1, before: answer }))).toEqual(['First'])
    expect(textsOf(await loadPage(sessionId, { first: 10, after: first, before: answer }))).toEqual([])
  })
})
