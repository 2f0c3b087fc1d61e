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

/** Real servers of the Model Context Protocol. */
const require = createRequire(import.meta.url)
const everything = require.resolve('@modelcontextprotocol/server-everything/dist/index.js')
const filesystem = require.resolve('@modelcontextprotocol/server-filesystem/dist/index.js')

const forever = new Promise<never>(() => undefined)
const decisionSchema = z.object({
  id: z.string(),
  state: z.string(),
  description: z.string().optional(),
  question: z.string().optional(),
  choices: z.array(z.string()),
  session: z.object({ id: z.string() }),
})

/** A home with one provider and two servers whose tools the model has: one works in `folder`. */
function configure(home: string, folder: string, provider: StrictProvider): void {
  const config = {
    model: 'local/test',
    titles: false,
    compactAt: 0,
    providers: { local: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } },
    mcpServers: {
      everything: { command: process.execPath, args: [everything, 'stdio'] },
      files: { command: process.execPath, args: [filesystem, folder] },
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
  modelContext: z.array(modelMessageSchema),
  pendingApprovals: z.array(z.object({ id: z.string() })),
})

async function sessionOf(client: ChatClient, id: string) {
  const { session } = await client.ask(
    `query ($id: ID!) { session(id: $id) {
      headSeq endReason segmentCount parent { id } lineageRoot { id }
      modelContext pendingApprovals { id } } }`,
    { id },
  )
  return sessionSchema.parse(session)
}

/** What the model would be sent next, which no provider may refuse. */
async function contextOf(client: ChatClient, id: string): Promise<SentMessage[]> {
  const { modelContext } = await sessionOf(client, id)
  expect(findOpenAiProblems(modelContext)).toEqual([])
  return fromModelContext(modelContext)
}

/** Holds what a client was told of a session against what is stored of it; the newest answer. */
async function checked(client: ChatClient, id: string, told: readonly ApiEvent[]): Promise<ApiMessage | undefined> {
  const { headSeq } = await sessionOf(client, id)
  expect(told.map(({ seq }) => seq)).toEqual(Array.from({ length: headSeq }, (_, index) => index + 1))
  const again = await client.events(id)
  const messages = await client.messages(id)
  for (const event of told) {
    if (event.type !== 'StreamFinished') continue
    const ofStream = (events: readonly ApiEvent[]) => events.filter(({ streamId }) => streamId === event.streamId)
    const saved = messages.find((message) => message.id === event.message?.id)
    if (!saved) throw new Error(`the answer of ${event.streamId} is not among the messages`)
    expect(event.message).toEqual(saved)
    for (const events of [told, again]) expect(foldParts(ofStream(events))).toEqual(toParts(saved))
    expect(saved.digest).toBe(computeDigest(toParts(saved)))
    expect(await client.message(saved.id)).toEqual(saved)
  }
  return messages.findLast(({ role }) => role === 'ASSISTANT')
}

/** What waits for a person, as it comes to another client. */
async function* decisions(client: ChatClient, field: 'approvals' | 'clarifications') {
  const what = field === 'approvals' ? 'description' : 'question'
  const told = client.subscribe(`subscription { told: ${field} { id state ${what} choices session { id } } }`, {})
  for await (const { told: decision } of told) yield decisionSchema.parse(decision)
}

const decide = (client: ChatClient, id: string, decision: string) =>
  client.ask(
    'mutation ($id: ID!, $decision: ApprovalDecision!) { answerApproval(id: $id, decision: $decision) { id } }',
    {
      id,
      decision,
    },
  )

const callsIn = (message: ApiMessage | undefined) =>
  message?.parts.flatMap((part) => (part.type === 'ToolCallPart' ? [part.toolCall] : [])) ?? []

/** It starts six programs, one after the other: in milliseconds. */
const limit = 60_000

test(
  'a chat with tools, a no, a question, a stop, a crash and a compaction is one whole story',
  { timeout: limit },
  async () => {
    await using open = new AsyncDisposableStack()
    const folderAt = (prefix: string): string => {
      const made = realpathSync(mkdtempSync(join(tmpdir(), prefix)))
      open.defer(() => rmSync(made, { recursive: true, force: true }))
      return made
    }
    const [home, folder] = [folderAt('segue-story-'), folderAt('segue-story-files-')]
    const provider = open.use(await StrictProvider.start())
    configure(home, folder, provider)
    const server = open.use(await start(home))
    const [here, there] = [open.use(new ChatClient(server.url)), open.use(new ChatClient(server.url))]
    const approvals = decisions(there, 'approvals')
    const questions = decisions(there, 'clarifications')

    // One: two tools that ask, of which one is allowed, and one that only reads; then a question.
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
    const first = new EventReader(here.streamChat({ text: 'What is 2 + 3?' }))
    const { sessionId } = await first.readUntilType('StreamStarted')
    const told = new EventReader(here.followSession(sessionId))
    const asked = new Map<string, string | undefined>()
    // One that comes just as the subscription begins may be told twice.
    for await (const { id, state, description, session } of approvals) {
      expect([state, session.id]).toEqual(['PENDING', sessionId])
      if (asked.set(id, description).size === 2) break
    }
    await contextOf(there, sessionId)
    expect(existsSync(join(folder, 'sum.txt'))).toBe(false)
    for (const [id, description] of asked) {
      await decide(there, id, description?.startsWith('Run files__write_file with') ? 'ONCE' : 'DENY')
    }
    const { value: question } = await questions.next()
    expect(question).toMatchObject({ state: 'PENDING', question: 'Of what?', choices: ['metres', 'feet'] })
    await contextOf(there, sessionId)
    await there.ask('mutation ($id: ID!) { answerClarification(id: $id, answer: "metres") { id } }', {
      id: question?.id,
    })
    expect((await first.readUntilType('StreamFinished')).stream).toMatchObject({
      status: 'COMPLETED',
      usage: { estimated: false, inputTokens: 30, outputTokens: 15 },
    })
    expect([readFileSync(join(folder, 'sum.txt'), 'utf8'), existsSync(join(folder, 'mine.txt'))]).toEqual(['5', true])

    await told.readUntilType('StreamFinished')
    const one = await checked(here, sessionId, told.events)
    expect(one).toMatchObject({ status: 'COMPLETE', text: 'I write it down.It is 5 metres.' })
    expect(callsIn(one)).toMatchObject([
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
    let context = await contextOf(here, sessionId)

    // Two: stopped in the middle, by the other client.
    provider.enqueue([{ text: 'Once upon ' }, { text: 'a time' }, { wait: forever }])
    const second = new EventReader(here.streamChat({ sessionId, text: 'Tell me more.' }))
    await second.readUntil(({ text }) => text === 'Once upon a time')
    expect(provider.requests[3] && fromRequest(provider.requests[3])).toEqual([
      ...context,
      { role: 'user', text: 'Tell me more.' },
    ])
    const stopped = await there.cancel(second.events[0]?.streamId ?? '')
    expect(stopped).toMatchObject({ outcome: 'CANCELLED', message: { status: 'PARTIAL', text: 'Once upon a time' } })
    expect((await second.readUntilType('StreamFinished')).message).toEqual(stopped.message)
    expect(await provider.requests[3]?.closed).toBe('client')
    await told.readUntilType('StreamFinished')
    expect(await checked(here, sessionId, told.events)).toEqual(stopped.message)
    context = await contextOf(here, sessionId)
    expect(context.at(-1)).toMatchObject({ role: 'assistant', text: 'Once upon a time' })

    // Three: the server dies while somebody is asked.
    const lost = join(folder, 'lost.txt')
    provider.enqueue(toolCallSteps({ name: 'files__write_file', input: { path: lost, content: 'x' }, text: 'Wait.' }))
    const third = await here.start({ sessionId, text: 'Write more.' })
    const waiting = await told.readUntilType('ApprovalChanged')
    expect(provider.requests[4] && fromRequest(provider.requests[4])).toEqual([
      ...context,
      { role: 'user', text: 'Write more.' },
    ])
    await told.readUntil(({ events }) => {
      const last = events.at(-1)
      return last?.type === 'StreamChanged' && last.stream.status === 'WAITING'
    })
    await server.stop('SIGKILL')

    const again = open.use(await start(home))
    const [back, other] = [open.use(new ChatClient(again.url)), open.use(new ChatClient(again.url))]
    const rest = new EventReader(back.followSession(sessionId, told.cursor))
    expect(await rest.readUntilType('StreamFinished')).toMatchObject({
      streamId: third.id,
      stream: { status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } },
    })
    const all = [...told.events, ...rest.events]
    const three = await checked(back, sessionId, all)
    expect(three).toMatchObject({ status: 'PARTIAL', text: 'Wait.' })
    expect(callsIn(three)).toMatchObject([{ state: 'CANCELLED', error: expect.stringContaining('not run') }])
    expect((await sessionOf(back, sessionId)).pendingApprovals).toEqual([])
    await expect(decide(other, waiting.approval.id, 'ONCE')).rejects.toMatchObject({ extensions: { code: 'STALE' } })
    expect(existsSync(lost)).toBe(false)
    context = await contextOf(back, sessionId)
    expect(context.at(-1)).toMatchObject({ role: 'tool', text: expect.stringContaining('not run') })

    // Compacted: another session goes on where this one ends.
    provider.enqueue('They want five metres.')
    const { compactSession } = z
      .object({ compactSession: z.object({ id: z.string() }) })
      .parse(await other.ask('mutation ($id: ID!) { compactSession(id: $id) { id } }', { id: sessionId }))
    const nextId = compactSession.id
    const summarised = provider.requests[5]?.body
    expect(summarised?.tools).toBeUndefined()
    for (const said of ['What is 2 + 3?', 'did not allow', 'metres', 'Once upon a time', 'Write more.']) {
      expect(JSON.stringify(summarised?.messages)).toContain(said)
    }
    expect(await rest.readUntilType('SessionContinued')).toMatchObject({ from: { id: sessionId }, to: { id: nextId } })
    await checked(back, sessionId, [...told.events, ...rest.events])
    expect(await sessionOf(back, sessionId)).toMatchObject({ endReason: 'compression', segmentCount: 1, parent: null })
    await expect(back.start({ sessionId, text: 'Hello?' })).rejects.toMatchObject({
      extensions: { code: 'STALE', tipId: nextId },
    })
    const lineage = {
      parent: { id: sessionId },
      lineageRoot: { id: sessionId },
      segmentCount: 2,
    }
    expect(await sessionOf(back, nextId)).toMatchObject({ ...lineage, endReason: null, headSeq: 0 })
    context = await contextOf(back, nextId)
    expect(context).toMatchObject([{ role: 'user', text: expect.stringContaining('They want five metres.') }])

    // Four: the answer in the new session knows the summary, and has the tools again.
    provider.enqueue(toolCallSteps({ name: 'everything__echo', input: { message: 'five' } }))
    provider.enqueue('Five metres it is.')
    const fourth = new EventReader(back.streamChat({ sessionId: nextId, text: 'So?' }))
    expect((await fourth.readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
    expect(provider.requests[6] && fromRequest(provider.requests[6])).toEqual([
      ...context,
      { role: 'user', text: 'So?' },
    ])
    const four = await checked(back, nextId, fourth.events)
    expect(four).toMatchObject({ status: 'COMPLETE', text: 'Five metres it is.' })
    expect(callsIn(four)).toMatchObject([{ name: 'everything__echo', state: 'SUCCEEDED', result: 'Echo: five' }])
    const sent = provider.requests[7] ? fromRequest(provider.requests[7]) : []
    expect(await contextOf(back, nextId)).toEqual([
      ...sent,
      { role: 'assistant', text: 'Five metres it is.', calls: [] },
    ])
    expect(await sessionOf(back, nextId)).toMatchObject(lineage)

    expect([provider.requests.length, provider.rejections]).toEqual([8, []])
    expect(await again.stop('SIGTERM')).toBe(0)
  },
)
