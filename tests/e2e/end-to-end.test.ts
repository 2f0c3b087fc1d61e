import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelMessageSchema } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ChatClient, type ApiEvent, type ApiMessage } from '../support/clients/chat-client.ts'
import { findOpenAiProblems } from '../support/fixtures/message-rules.ts'
import { computeDigest, foldParts, toParts, EventReader } from '../support/clients/reader.ts'
import { fromModelContext, fromRequest, type SentMessage } from '../support/fixtures/sent-messages.ts'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { toolCallSteps, StrictProvider } from '../support/providers/strict-provider.ts'

/** MCP servers from npm. */
const require = createRequire(import.meta.url)
const everythingServer = require.resolve('@modelcontextprotocol/server-everything/dist/index.js')
const filesystemServer = require.resolve('@modelcontextprotocol/server-filesystem/dist/index.js')

const forever = new Promise<never>(() => undefined)
const decisionSchema = z.object({
  id: z.string(),
  state: z.string(),
  description: z.string().optional(),
  question: z.string().optional(),
  choices: z.array(z.string()),
  session: z.object({ id: z.string() }),
})

/** Configures a home with one provider and two MCP servers, one of which works in `folder`. */
function writeConfig(home: string, folder: string, provider: StrictProvider): void {
  const config = {
    model: 'local/test',
    titles: false,
    compactAt: 0,
    providers: { local: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } },
    mcpServers: {
      everything: { command: process.execPath, args: [everythingServer, 'stdio'] },
      files: { command: process.execPath, args: [filesystemServer, folder] },
    },
  }
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
}

const start = (home: string): Promise<ServerProcess> =>
  startServerProcess({ argv: ['--port', '0', '--home', home, '--no-hermes'], env: { HOME: home } })

const sessionSchema = z.object({
  headSeq: z.int(),
  endReason: z.string().nullable(),
  segmentCount: z.int(),
  parent: z.object({ id: z.string() }).nullable(),
  lineageRoot: z.object({ id: z.string() }),
  modelContext: z.array(modelMessageSchema).nullable(),
  pendingApprovals: z.array(z.object({ id: z.string() })),
})

async function loadSession(client: ChatClient, id: string) {
  const { session } = await client.ask(
    `query ($id: ID!) { session(id: $id) {
      headSeq endReason segmentCount parent { id } lineageRoot { id }
      modelContext pendingApprovals { id } } }`,
    { id },
  )
  return sessionSchema.parse(session)
}

/** Loads the messages that the model would be sent next, and checks them by the rules of providers. */
async function loadContext(client: ChatClient, id: string): Promise<SentMessage[]> {
  const { modelContext } = await loadSession(client, id)
  if (!modelContext) throw new Error(`Nothing is sent from the session ${id}.`)
  expect(findOpenAiProblems(modelContext)).toEqual([])
  return fromModelContext(modelContext)
}

/** Compares the events that a client received with what is stored. Resolves to the newest answer. */
async function expectStored(
  client: ChatClient,
  id: string,
  received: readonly ApiEvent[],
): Promise<ApiMessage | undefined> {
  const { headSeq } = await loadSession(client, id)
  const storedEvents = await client.events(id)
  const changes = storedEvents.filter(({ type }) => type === 'SessionChanged')
  const seqs = new Set([...received, ...changes].map(({ seq }) => seq))
  expect(seqs).toEqual(new Set(Array.from({ length: headSeq }, (_, index) => index + 1)))
  const messages = await client.messages(id)
  for (const event of received) {
    if (event.type !== 'StreamFinished') continue
    const filterStream = (events: readonly ApiEvent[]) => events.filter(({ streamId }) => streamId === event.streamId)
    const saved = messages.find((message) => message.id === event.message?.id)
    if (!saved) throw new Error(`The answer of ${event.streamId} is not stored.`)
    expect(event.message).toEqual(saved)
    for (const events of [received, storedEvents]) expect(foldParts(filterStream(events))).toEqual(toParts(saved))
    expect(saved.digest).toBe(computeDigest(toParts(saved)))
    expect(await client.message(saved.id)).toEqual(saved)
  }
  return messages.findLast(({ role }) => role === 'ASSISTANT')
}

/** Subscribes to approvals or clarifications. */
async function* subscribeToDecisions(client: ChatClient, field: 'approvals' | 'clarifications') {
  const textField = field === 'approvals' ? 'description' : 'question'
  const events = client.subscribe(
    `subscription { decision: ${field} { id state ${textField} choices session { id } } }`,
    {},
  )
  for await (const { decision } of events) yield decisionSchema.parse(decision)
}

const decide = (client: ChatClient, id: string, decision: string) =>
  client.ask(
    'mutation ($id: ID!, $decision: ApprovalDecision!) { answerApproval(id: $id, decision: $decision) { id } }',
    {
      id,
      decision,
    },
  )

const listToolCalls = (message: ApiMessage | undefined) =>
  message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall] : [])) ?? []

/** Answers do not wait for servers that start, but calls of their tools do. The offline agent makes some. */
async function startMcpServers(client: ChatClient, folder: string): Promise<void> {
  const calls = [`everything__echo {"message": "Hi"}`, `files__list_directory ${JSON.stringify({ path: folder })}`]
  const text = calls.map((call) => `/tool ${call}`).join('\n')
  await new EventReader(client.streamChat({ text, model: 'offline/eliza' })).readUntilType('StreamFinished')
}

/** The test starts six programs, one after the other. */
const timeoutMs = 60_000

test(
  'a chat survives tool calls, a denial, a clarification, a cancellation, a crash and a compaction',
  { timeout: timeoutMs },
  async () => {
    await using resources = new AsyncDisposableStack()
    const newFolder = (prefix: string): string => {
      const path = realpathSync(mkdtempSync(join(tmpdir(), prefix)))
      resources.defer(() => rmSync(path, { recursive: true, force: true }))
      return path
    }
    const [home, folder] = [newFolder('segue-end-to-end-'), newFolder('segue-end-to-end-files-')]
    const provider = resources.use(await StrictProvider.start())
    writeConfig(home, folder, provider)
    const server = resources.use(await start(home))
    const [client, otherClient] = [resources.use(new ChatClient(server.url)), resources.use(new ChatClient(server.url))]
    const approvals = subscribeToDecisions(otherClient, 'approvals')
    const questions = subscribeToDecisions(otherClient, 'clarifications')

    await startMcpServers(client, folder)

    // First turn: two tools that need approval, of which one is denied, and one that only reads. Then a clarification.
    writeFileSync(join(folder, 'mine.txt'), 'mine')
    provider.enqueue(
      toolCallSteps(
        { name: 'files__write_file', input: { path: join(folder, 'sum.txt'), content: '5' }, text: 'I write it down.' },
        {
          name: 'files__move_file',
          input: { source: join(folder, 'mine.txt'), destination: join(folder, 'gone.txt') },
        },
        { name: 'everything__get-sum', input: { a: 2, b: 3 } },
      ),
    )
    provider.enqueue(toolCallSteps({ name: 'clarify', input: { question: 'Of what?', choices: ['metres', 'feet'] } }))
    provider.enqueue('It is 5 metres.')
    const first = new EventReader(client.streamChat({ text: 'What is 2 + 3?' }))
    const { sessionId } = await first.readUntilType('StreamStarted')
    const session = new EventReader(client.followSession(sessionId))
    const requested = new Map<string, string | undefined>()
    // An approval that is requested while the subscription starts may be delivered twice.
    for await (const {
      id,
      state,
      description,
      session: { id: ownerId },
    } of approvals) {
      expect([state, ownerId]).toEqual(['PENDING', sessionId])
      if (requested.set(id, description).size === 2) break
    }
    await loadContext(otherClient, sessionId)
    expect(existsSync(join(folder, 'sum.txt'))).toBe(false)
    for (const [id, description] of requested) {
      await decide(otherClient, id, description?.startsWith('Run files__write_file with') ? 'ONCE' : 'DENY')
    }
    const { value: question } = await questions.next()
    expect(question).toMatchObject({ state: 'PENDING', question: 'Of what?', choices: ['metres', 'feet'] })
    await loadContext(otherClient, sessionId)
    await otherClient.ask('mutation ($id: ID!) { answerClarification(id: $id, answer: "metres") { id } }', {
      id: question?.id,
    })
    expect((await first.readUntilType('StreamFinished')).stream).toMatchObject({
      status: 'COMPLETED',
      usage: { estimated: false, inputTokens: 30, outputTokens: 15 },
    })
    expect([readFileSync(join(folder, 'sum.txt'), 'utf8'), existsSync(join(folder, 'mine.txt'))]).toEqual(['5', true])

    await session.readUntilType('StreamFinished')
    const one = await expectStored(client, sessionId, session.events)
    expect(one).toMatchObject({ status: 'COMPLETE', text: 'I write it down.It is 5 metres.' })
    expect(listToolCalls(one)).toMatchObject([
      { name: 'files__write_file', state: 'SUCCEEDED' },
      { name: 'files__move_file', state: 'DENIED' },
      { name: 'everything__get-sum', state: 'SUCCEEDED', result: 'The sum of 2 and 3 is 5.' },
      { name: 'clarify', state: 'SUCCEEDED', result: 'metres' },
    ])
    for (const { body } of provider.requests) {
      const names = body.tools?.map((tool) => tool.function.name)
      expect(names).toEqual(expect.arrayContaining(['clarify', 'everything__echo', 'files__write_file']))
    }
    expect(provider.requests[1] && fromRequest(provider.requests[1]).slice(-3)).toMatchObject([
      { role: 'tool', text: expect.stringContaining('Successfully wrote') },
      { role: 'tool', text: expect.stringContaining('did not allow') },
      { role: 'tool', text: 'The sum of 2 and 3 is 5.' },
    ])
    let context = await loadContext(client, sessionId)

    // Second turn: cancelled by the other client.
    provider.enqueue([{ text: 'Once upon ' }, { text: 'a time' }, { wait: forever }])
    const second = new EventReader(client.streamChat({ sessionId, text: 'Tell me more.' }))
    await second.readUntil(({ text }) => text === 'Once upon a time')
    expect(provider.requests[3] && fromRequest(provider.requests[3])).toEqual([
      ...context,
      { role: 'user', text: 'Tell me more.' },
    ])
    const cancelled = await otherClient.cancel(second.events[0]?.streamId ?? '')
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', message: { status: 'PARTIAL', text: 'Once upon a time' } })
    expect((await second.readUntilType('StreamFinished')).message).toEqual(cancelled.message)
    expect(await provider.requests[3]?.closed).toBe('client')
    await session.readUntilType('StreamFinished')
    expect(await expectStored(client, sessionId, session.events)).toEqual(cancelled.message)
    context = await loadContext(client, sessionId)
    expect(context.at(-1)).toMatchObject({ role: 'assistant', text: 'Once upon a time' })

    // Third turn: the server is killed while an approval is pending.
    const unwrittenPath = join(folder, 'lost.txt')
    provider.enqueue(
      toolCallSteps({ name: 'files__write_file', input: { path: unwrittenPath, content: 'x' }, text: 'Wait.' }),
    )
    const third = await client.start({ sessionId, text: 'Write more.' })
    const waiting = await session.readUntilType('ApprovalChanged')
    expect(provider.requests[4] && fromRequest(provider.requests[4])).toEqual([
      ...context,
      { role: 'user', text: 'Write more.' },
    ])
    await session.readUntil(({ events }) => {
      const last = events.at(-1)
      return last?.type === 'StreamChanged' && last.status === 'WAITING'
    })
    await server.stop('SIGKILL')

    const restarted = resources.use(await start(home))
    const [newClient, otherNewClient] = [
      resources.use(new ChatClient(restarted.url)),
      resources.use(new ChatClient(restarted.url)),
    ]
    const rest = new EventReader(newClient.followSession(sessionId, session.cursor))
    expect(await rest.readUntilType('StreamFinished')).toMatchObject({
      streamId: third.id,
      stream: { status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } },
    })
    const all = [...session.events, ...rest.events]
    const three = await expectStored(newClient, sessionId, all)
    expect(three).toMatchObject({ status: 'PARTIAL', text: 'Wait.' })
    expect(listToolCalls(three)).toMatchObject([{ state: 'CANCELLED', error: expect.stringContaining('not run') }])
    expect((await loadSession(newClient, sessionId)).pendingApprovals).toEqual([])
    await expect(decide(otherNewClient, waiting.approval.id, 'ONCE')).rejects.toMatchObject({
      extensions: { code: 'STALE' },
    })
    expect(existsSync(unwrittenPath)).toBe(false)
    context = await loadContext(newClient, sessionId)
    expect(context.at(-1)).toMatchObject({ role: 'tool', text: expect.stringContaining('not run') })

    await startMcpServers(newClient, folder)

    // Compaction: another session continues this one.
    provider.enqueue('They want five metres.')
    const { compactSession } = z
      .object({ compactSession: z.object({ id: z.string() }) })
      .parse(await otherNewClient.ask('mutation ($id: ID!) { compactSession(id: $id) { id } }', { id: sessionId }))
    const nextId = compactSession.id
    const summaryRequest = provider.requests[5]?.body
    expect(summaryRequest?.tools).toBeUndefined()
    for (const text of ['What is 2 + 3?', 'did not allow', 'metres', 'Once upon a time']) {
      expect(JSON.stringify(summaryRequest?.messages)).toContain(text)
    }
    expect(await rest.readUntilType('SessionContinued')).toMatchObject({ from: { id: sessionId }, to: { id: nextId } })
    await expectStored(newClient, sessionId, [...session.events, ...rest.events])
    expect(await loadSession(newClient, sessionId)).toMatchObject({
      endReason: 'compression',
      segmentCount: 1,
      parent: null,
      modelContext: null,
    })
    await expect(newClient.start({ sessionId, text: 'Hello?' })).rejects.toMatchObject({
      extensions: { code: 'STALE', tipId: nextId },
    })
    const lineage = {
      parent: { id: sessionId },
      lineageRoot: { id: sessionId },
      segmentCount: 2,
    }
    expect(await loadSession(newClient, nextId)).toMatchObject({ ...lineage, endReason: null, headSeq: 0 })
    const newestTurn = context.slice(-2)
    context = await loadContext(newClient, nextId)
    const [instructions, summary, ...others] = context
    expect(instructions).toMatchObject({ role: 'system', text: expect.stringContaining('MCP server "everything"') })
    // The newest turn stays as it is.
    expect(summary).toMatchObject({
      role: 'user',
      text: expect.stringMatching(/They want five metres\.[^]*Write more\.$/),
    })
    expect(others).toEqual(newestTurn)

    // Fourth turn: the model gets the summary and the tools in the new session.
    provider.enqueue(toolCallSteps({ name: 'everything__echo', input: { message: 'five' } }))
    provider.enqueue('Five metres it is.')
    const fourth = new EventReader(newClient.streamChat({ sessionId: nextId, text: 'So?' }))
    expect((await fourth.readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
    const sentFourth = provider.requests[6] ? fromRequest(provider.requests[6]) : []
    expect(sentFourth.slice(0, context.length)).toEqual(context)
    expect(sentFourth.at(-1)).toEqual({ role: 'user', text: 'So?' })
    const four = await expectStored(newClient, nextId, fourth.events)
    expect(four).toMatchObject({ status: 'COMPLETE', text: 'Five metres it is.' })
    expect(listToolCalls(four)).toMatchObject([{ name: 'everything__echo', state: 'SUCCEEDED', result: 'Echo: five' }])
    const sent = provider.requests[7] ? fromRequest(provider.requests[7]) : []
    expect(await loadContext(newClient, nextId)).toEqual([
      ...sent,
      { role: 'assistant', text: 'Five metres it is.', calls: [] },
    ])
    expect(await loadSession(newClient, nextId)).toMatchObject(lineage)

    expect([provider.requests.length, provider.rejections]).toEqual([8, []])
    expect(await restarted.stop('SIGTERM')).toBe(0)
  },
)
