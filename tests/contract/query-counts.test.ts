import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { EventStream } from '../support/clients/event-stream.ts'
import { newTool, newToolSource } from '../support/fixtures/tools.ts'
import { ask } from '../support/server/graphql-request.ts'
import { newTempFolder, startTestSegue, type TestSegue } from '../support/server/segue.ts'
import { recordSql } from '../support/storage/record-sql.ts'
import { waitUntil } from '../support/wait-until.ts'

const pending = z.array(z.object({ question: z.string() }))
const sessions = z.object({
  sessions: z.object({ edges: z.array(z.object({ node: z.object({ pendingClarifications: pending }) })) }),
})

/** Sends a message as the only one of a new session, or as the next one of a session. Returns the id of the session. */
async function send(segue: TestSegue, text: string, sessionId: string | null = null): Promise<string> {
  const query =
    'mutation ($text: String!, $sessionId: ID) { startChat(input: { text: $text, sessionId: $sessionId, ifBusy: QUEUE }) { session { id } } }'
  const schema = z.object({ startChat: z.object({ session: z.object({ id: z.string() }) }) })
  return (await ask(segue.url, schema, { query, variables: { text, sessionId } })).startChat.session.id
}

async function waitUntilIdle(segue: TestSegue): Promise<void> {
  await waitUntil(() => segue.defaultProfile.chats.activeStreamCount === 0)
}

async function waitForQuestions(segue: TestSegue, count: number): Promise<void> {
  const { decisions } = segue.defaultProfile.chats
  let pendingCount = 0
  await waitUntil(() => {
    void decisions.list('clarification', { isPending: true }).then(({ length }) => (pendingCount = length))
    return pendingCount === count
  })
}

/** The home of a Hermes agent with these sessions, each with one message. Disposing of it removes it. */
function newHermesHome(sessionIds: readonly string[]): { readonly home: string } & Disposable {
  const home = newTempFolder()
  const db = new HermesDb(join(home, 'state.db'))
  for (const id of sessionIds) {
    db.addSession(id)
    db.addMessage(id, 1, { content: 'A pelican.' })
  }
  db.close()
  return { home, [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }) }
}

test('Conversations are counted without a look at any of them', async () => {
  const statements = recordSql()
  await using segue = await startTestSegue()
  for (const text of ['First.', 'Second.']) await send(segue, text)
  await waitUntilIdle(segue)
  const counts = z.object({ conversationCounts: z.object({ total: z.literal(2) }) })
  const query = '{ conversationCounts { total channels { count } attention { count } } }'
  await ask(segue.url, counts, { query })
  statements.length = 0
  await ask(segue.url, counts, { query })
  expect(statements.filter(({ sql }) => sql.includes('FROM conversation_counts'))).toHaveLength(1)
  expect(
    statements.filter(({ sql }) => /(FROM|JOIN) (conversations|sessions|conversation_sessions)\b/.test(sql)),
  ).toEqual([])
})

// What has long texts takes one more statement, which tells how long they are.
describe('A page is read with one statement for', () => {
  test('the pending decisions of each kind, each session with its own', async () => {
    const statements = recordSql()
    await using segue = await startTestSegue()
    const questions = ['First?', 'Second?', 'Third?']
    for (const question of questions) await send(segue, `/ask ${question}`)
    await waitForQuestions(segue, questions.length)
    statements.length = 0
    const query = `{ sessions { edges { node { pendingClarifications { question } pendingApprovals { id } } } } }`
    const { edges } = (await ask(segue.url, sessions, { query })).sessions
    const listed = edges.map(({ node }) => node.pendingClarifications.map(({ question }) => question).join())
    expect(listed.toSorted()).toEqual(questions.toSorted())
    expect(statements.filter(({ sql }) => sql.includes('FROM decisions'))).toHaveLength(2)
  })

  test('the streams and the answers of its messages', async () => {
    const statements = recordSql()
    await using segue = await startTestSegue()
    const id = await send(segue, 'First.')
    for (const text of ['Second.', 'Third.']) await send(segue, text, id)
    await waitUntilIdle(segue)
    statements.length = 0
    const query = `query ($id: ID!) { session(id: $id) { messages {
      edges { node { stream { status userMessage { text } message { text } } } } } } }`
    const stream = z.object({
      status: z.literal('COMPLETED'),
      userMessage: z.object({ text: z.string() }),
      message: z.object({ text: z.string() }),
    })
    const schema = z.object({
      session: z.object({ messages: z.object({ edges: z.array(z.object({ node: z.object({ stream }) })) }) }),
    })
    const { edges } = (await ask(segue.url, schema, { query, variables: { id } })).session.messages
    expect(edges.map(({ node }) => node.stream.userMessage.text)).toEqual(
      ['First.', 'Second.', 'Third.'].flatMap((text) => [text, text]),
    )
    // The streams of the messages, and the streams whose answers are read.
    expect(statements.filter(({ sql }) => /FROM streams WHERE/.test(sql))).toHaveLength(2)
    // The page, the user messages and the answers.
    expect(statements.filter(({ sql }) => sql.startsWith('SELECT * FROM messages WHERE'))).toHaveLength(3)
  })

  test('the alternatives and the originals of its messages, however many tries there are', async () => {
    const statements = recordSql()
    await using segue = await startTestSegue()
    const id = await send(segue, 'First.')
    for (const text of ['Second.', 'Third.']) await send(segue, text, id)
    await waitUntilIdle(segue)
    const reference = z.object({ id: z.string() })
    const node = reference.extend({ copyOf: reference.nullable(), alternatives: z.array(reference) })
    const schema = z.object({
      session: z.object({ messages: z.object({ edges: z.array(z.object({ node })) }) }),
    })
    const list = async (sessionId: string) => {
      const query = `query ($id: ID!) { session(id: $id) { messages {
        edges { node { id copyOf { id } alternatives { id text } } } } } }`
      const { session } = await ask(segue.url, schema, { query, variables: { id: sessionId } })
      return session.messages.edges.map((edge) => edge.node)
    }
    const [first, , , , , last] = await list(id)
    const tries: string[] = []
    for (const messageId of [first?.id, last?.id, last?.id, first?.id, last?.id]) {
      const query = 'mutation ($id: ID!) { regenerate(messageId: $id) { session { id } } }'
      const created = z.object({ regenerate: z.object({ session: reference }) })
      tries.push((await ask(segue.url, created, { query, variables: { id: messageId } })).regenerate.session.id)
    }
    await waitUntilIdle(segue)
    for (const sessionId of [id, tries.at(-1) ?? '']) {
      statements.length = 0
      const messages = await list(sessionId)
      expect(messages.map(({ alternatives }) => alternatives.length)).toEqual([3, 3, 1, 1, 4, 4])
      expect(statements.filter(({ sql }) => sql.includes('turn_id = '))).toHaveLength(1)
      // The page, and the alternatives and originals.
      expect(
        statements.filter(({ sql }) => /^SELECT \* FROM messages WHERE (session_id|id) /.test(sql)).length,
      ).toBeLessThan(4)
    }
  })

  test('the messages of search hits, in the sessions of each origin', async () => {
    using hermes = newHermesHome(['one', 'two', 'three'])
    const statements = recordSql()
    await using segue = await startTestSegue({ settings: { hermesHome: hermes.home } })
    for (const text of ['A first pelican.', 'A second pelican.']) await send(segue, text)
    await waitUntilIdle(segue)
    const message = z.object({ text: z.string() }).nullable()
    const schema = z.object({
      search: z.object({ edges: z.array(z.object({ node: z.object({ message }) })) }),
    })
    const search = async (): Promise<string[]> => {
      const query = '{ search(query: "a pelican") { edges { node { message { text } } } } }'
      return (await ask(segue.url, schema, { query })).search.edges.flatMap(({ node }) => node.message?.text ?? [])
    }
    // Messages are indexed in the background: a search finds them a moment after they were sent.
    while ((await search()).length < 5);
    statements.length = 0
    await search()
    const reads = (origin: string) =>
      statements.filter(
        ({ database, sql }) =>
          database === origin && !sql.includes('octet_length') && /FROM messages\s+WHERE (messages\.)?id IN/.test(sql),
      )
    expect(reads('segue')).toHaveLength(1)
    expect(reads('hermes')).toHaveLength(1)
  })

  test('the runs of a job and their usage, those in progress and those that have ended', async () => {
    const statements = recordSql()
    await using segue = await startTestSegue()
    const created = z.object({ createJob: z.object({ id: z.string() }) })
    const create = `mutation { createJob(input: { name: "Birds", prompt: "/ask Which?", schedule: "0 9 29 2 *" }) { id } }`
    const id = (await ask(segue.url, created, { query: create })).createJob.id
    const run = 'mutation ($id: ID!) { runJob(id: $id) { run { id } } }'
    const { decisions } = segue.defaultProfile.chats
    const listRuns = async () => {
      const node = z.object({ status: z.string(), usage: z.object({ inputTokens: z.number() }).nullable() })
      const runs = z.object({ edges: z.array(z.object({ node })) })
      const query = 'query ($id: ID!) { job(id: $id) { runs { edges { node { status usage { inputTokens } } } } } }'
      const { job } = await ask(segue.url, z.object({ job: z.object({ runs }) }), { query, variables: { id } })
      return job.runs.edges.map((edge) => edge.node)
    }
    const countReads = async () => {
      statements.length = 0
      const runs = await listRuns()
      return { runs, reads: statements.filter(({ sql }) => /FROM (job_runs|streams|sessions)/.test(sql)).length }
    }
    for (let count = 1; count <= 3; count += 1) {
      await ask(segue.url, z.unknown(), { query: run, variables: { id } })
      await waitForQuestions(segue, 1)
      const { runs, reads } = await countReads()
      expect(runs.map(({ status }) => status)).toEqual(['RUNNING', ...Array.from({ length: count - 1 }, () => 'OK')])
      expect(runs.every(({ usage }) => usage !== null)).toBe(true)
      expect(reads).toBe(1)
      for (const decision of await decisions.list('clarification', { isPending: true }))
        await decisions.answerClarification(decision.id, { answer: 'Larks.' })
      await waitUntilIdle(segue)
      while ((await listRuns()).some(({ status }) => status === 'RUNNING'));
    }
  })

  test('the streams and the tool calls of its decisions', async () => {
    const statements = recordSql()
    await using segue = await startTestSegue()
    const { decisions } = segue.defaultProfile.chats
    for (const question of ['First?', 'Second?', 'Third?']) await send(segue, `/ask ${question}`)
    await waitForQuestions(segue, 3)
    for (const { id } of await decisions.list('clarification', { isPending: true })) {
      await decisions.answerClarification(id, { answer: 'Yes.' })
    }
    await waitUntilIdle(segue)
    statements.length = 0
    const query = '{ clarifications(pending: false) { question stream { status } toolCall { state result } } }'
    const decision = z.object({
      question: z.string(),
      stream: z.object({ status: z.literal('COMPLETED') }),
      toolCall: z.object({ state: z.literal('SUCCEEDED') }),
    })
    const schema = z.object({ clarifications: z.array(decision) })
    expect((await ask(segue.url, schema, { query })).clarifications).toHaveLength(3)
    expect(statements.filter(({ sql }) => /FROM streams WHERE/.test(sql))).toHaveLength(1)
    expect(statements.filter(({ sql }) => sql.startsWith('SELECT * FROM messages WHERE'))).toHaveLength(1)
  })
})

test('An unknown id costs one statement per kind of record that may have it, and is looked up once per execution', async () => {
  using hermes = newHermesHome(['one'])
  const statements = recordSql()
  await using segue = await startTestSegue({ settings: { hermesHome: hermes.home } })
  const countReads = async (id: string, query: string): Promise<number> => {
    statements.length = 0
    await ask(segue.url, z.unknown(), { query, variables: { id } })
    return statements.filter(({ sql }) => sql.startsWith('SELECT') && sql.includes(id)).length
  }
  const nodeQuery = 'query ($id: ID!) { node(id: $id) { id } }'
  // The id may be that of a Hermes session, or of a removed Hermes job, which is known from its sessions.
  expect(await countReads('unknown', nodeQuery)).toBe(2)
  expect(await countReads('unknown', 'query ($id: ID!) { node(id: $id) { id } session(id: $id) { id } }')).toBe(2)
  const streamId = 'str_00000000000000000000000000'
  expect(await countReads(streamId, nodeQuery)).toBe(1)
  expect(await countReads(streamId, 'query ($id: ID!) { node(id: $id) { id } stream(id: $id) { id } }')).toBe(1)
})

test('A replay reads what its events lead to once, however many events there are', async () => {
  const statements = recordSql()
  const tool = newTool({ name: 'files__read', isReadOnly: true })
  await using segue = await startTestSegue({ createToolSource: () => newToolSource(tool) })
  const query = `subscription ($id: ID!) { followSession(sessionId: $id) { __typename
    ... on StreamStarted { stream { status } userMessage { text } } ... on ToolCallChanged { toolCall { state } }
    ... on StreamFinished { stream { status } message { text } } } }`
  const countReads = async (calls: number): Promise<number> => {
    const text = Array.from({ length: calls }, (_, index) => `/tool files__read {"n":${index}}`).join('\n')
    const id = await send(segue, text)
    await waitUntilIdle(segue)
    statements.length = 0
    const stream = await EventStream.open(segue.url, { query, variables: { id } })
    for (let event = await stream.next(); event; event = await stream.next())
      if (event.data.includes('StreamFinished')) break
    stream.destroy()
    return statements.filter(({ sql }) => sql.trimStart().startsWith('SELECT')).length
  }
  await countReads(1)
  expect(await countReads(40)).toBeLessThan((await countReads(2)) + 10)
})
