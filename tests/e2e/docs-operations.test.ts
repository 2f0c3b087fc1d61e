import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { playgroundTabs } from '../../src/server/playground/playground-tabs.ts'
import { repeatUntil } from '../contract/support/typed-client.ts'
import { DocsServer, hermesLineage, type ResultData, selectHermesSessions } from '../support/docs/docs-server.ts'
import { documentationPages, listOperations } from '../support/docs/markdown.ts'
import { waitUntil } from '../support/wait-until.ts'

let docs: DocsServer

beforeAll(async () => {
  docs = await DocsServer.start()
})

afterAll(() => docs[Symbol.asyncDispose]())

const startChat = 'mutation ($text: String!) { startChat(input: {text: $text}) { id } }'

async function createSession(): Promise<string> {
  const [data] = await docs.request('mutation { createSession(input: {}) { id } }')
  return z.object({ createSession: z.object({ id: z.string() }) }).parse(data).createSession.id
}

describe('README', () => {
  test('shows the operations of the playground tabs, in their order', () => {
    const names = listOperations('README.md').map(({ name }) => name)
    const tabNames = playgroundTabs.map(({ query }) => /^\w+ (\w+)/m.exec(query)?.[1])
    expect(names).toEqual(tabNames)
  })

  test('leads through listing, streaming, stopping, reconnecting and continuing', async () => {
    expect(selectHermesSessions(await docs.run('Sessions'))).toEqual(hermesLineage)

    const started = await docs.stream('Chat', {}, ({ streamChat }) => streamChat?.['text'] !== undefined)
    const streamId = String(started[0]?.['streamChat']?.['streamId'])
    expect(streamId).toMatch(/^str_/)

    const stopped = await docs.run('Stop', { streamId })
    expect(stopped).toMatchObject({
      cancelStream: { outcome: 'CANCELLED', message: { status: 'PARTIAL', text: expect.stringMatching(/^I /) } },
    })
    const { message, lastSeq } = z
      .object({ message: z.object({ text: z.string() }), lastSeq: z.int() })
      .parse(stopped['cancelStream'])

    const { after } = z.object({ after: z.int() }).parse(docs.variablesOf('Follow'))
    const followed = (await docs.stream('Follow', { streamId })).map(({ followStream }) => followStream)
    const seqs = followed.map((event) => Number(event?.['seq']))
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(seqs[0]).toBeGreaterThan(after)
    expect(followed.at(-1)).toEqual({ __typename: 'StreamFinished', seq: lastSeq, message: { text: message.text } })
    expect(followed.map((event) => event?.['text'] ?? '').join('')).toBe(message.text)

    expect(await docs.run('Continue')).toMatchObject({
      createSession: { title: 'Garden', segmentCount: 3, lineageRoot: { id: '20260213_090000_d4e5f6' } },
    })
  })
})

describe('the page on tools', () => {
  test('shows the servers with their states and tools', async () => {
    await docs.request(startChat, { text: '/tool files__list_directory {"path": "."}' })
    const readServers = async () => (await docs.run('Servers'))['mcpServers']?.['value']
    let servers = await readServers()
    while (!JSON.stringify(servers).includes('"READY"')) servers = await readServers()
    const writing = { name: 'files__write_file', readOnly: false, policy: 'ASK' }
    expect(servers).toMatchObject([{ name: 'files', error: null, tools: expect.arrayContaining([writing]) }])
  })
})

describe('the page on tokens', () => {
  test('shows who asks: without tokens, an admin', async () => {
    const profiles = expect.arrayContaining([{ name: 'default' }])
    expect(await docs.run('WhoAmI')).toEqual({ server: { viewer: { name: null, role: 'ADMIN', profiles } } })
  })
})

describe('the page on the queue', () => {
  test('shows it, and lets a person edit, move and send what waits', async () => {
    const sessionId = await createSession()
    const queue = `mutation ($sessionId: ID!, $text: String!) {
      startChat(input: { sessionId: $sessionId, text: $text, ifBusy: QUEUE }) { id }
    }`
    for (const text of ['/ask Where to?', 'One', 'Two']) await docs.request(queue, { sessionId, text })
    const read = z.object({
      session: z.object({ queue: z.array(z.object({ id: z.string(), userMessage: z.object({ text: z.string() }) })) }),
    })
    const [one, two] = read.parse(await docs.run('Queue', { sessionId })).session.queue.map(({ id }) => id)
    const { text } = docs.variablesOf('EditQueued')
    expect(await docs.run('EditQueued', { streamId: two })).toMatchObject({
      updateQueuedMessage: { id: two, userMessage: { text } },
    })
    expect(await docs.run('MoveQueued', { streamId: two, before: one })).toMatchObject({
      moveQueuedMessage: { queue: [{ id: two, userMessage: { text } }, { id: one }] },
    })
    const events = await docs.stream(
      'WatchQueue',
      { sessionId },
      ({ followSession }) => JSON.stringify(followSession?.['streamIds']) === JSON.stringify([two, one]),
    )
    expect(events.at(-1)).toMatchObject({ followSession: { queue: [{ id: two }, { id: one }] } })
    expect(await docs.run('SendQueued', { streamId: one })).toMatchObject({ sendQueuedMessage: { id: one } })
  })
})

describe('the page on steering', () => {
  const readSteered = z.object({
    startChat: z.object({ id: z.string(), steered: z.array(z.object({ id: z.string(), text: z.string() })) }),
  })
  const start =
    'mutation ($sessionId: ID!) { startChat(input: {sessionId: $sessionId, text: "/ask Where to?"}) { id } }'

  test('lets a message join an answer, and shows what became of it', async () => {
    const sessionId = await createSession()
    const [started] = await docs.request(start, { sessionId })
    const streamId = started?.['startChat']?.['id']
    const { startChat: joined } = readSteered.parse(await docs.run('Steer', { sessionId }))
    const { text } = docs.variablesOf('Steer')
    expect(joined).toMatchObject({ id: streamId, steered: [{ text }] })
    expect(await docs.run('Steered', { streamId })).toMatchObject({
      stream: { steered: [{ text, steering: { state: 'PENDING', step: null, partIndex: null } }] },
    })
    let question: unknown
    while (question === undefined) {
      const [data] = await docs.request('{ clarifications { id session { id } } }')
      const { value } = z
        .object({ value: z.array(z.object({ id: z.string(), session: z.object({ id: z.string() }) })) })
        .parse(data?.['clarifications'])
      question = value.find(({ session }) => session.id === sessionId)?.id
    }
    await docs.request('mutation ($id: ID!) { answerClarification(id: $id, answer: "Home") { id } }', { id: question })
    const events = await docs.stream(
      'WatchSteered',
      { streamId },
      ({ followStream }) => followStream?.['__typename'] === 'StreamFinished',
    )
    const states = events.flatMap(({ followStream }) => followStream?.['steeringState'] ?? [])
    expect(states).toEqual(['PENDING', 'APPLIED'])
    expect(await docs.run('Steered', { streamId })).toMatchObject({
      stream: { status: 'COMPLETED', steered: [{ steering: { state: 'APPLIED', step: 1, partIndex: 1 } }] },
    })
  })

  test('takes messages back', async () => {
    const sessionId = await createSession()
    await docs.request(start, { sessionId })
    const { id: streamId, steered } = readSteered.parse(await docs.run('Steer', { sessionId, key: 'one' })).startChat
    expect(await docs.run('TakeBack', { messageId: steered[0]?.id })).toMatchObject({
      withdrawMessage: { status: 'WITHDRAWN', steering: { state: 'WITHDRAWN' } },
    })
    await docs.run('Steer', { sessionId, text: 'Wait', key: 'two' })
    expect(await docs.run('StopSteered', { streamId })).toMatchObject({
      cancelStream: { outcome: 'CANCELLED', withdrawn: [{ text: 'Wait' }] },
    })
  })
})

describe('the page on costs', () => {
  test('shows what an answer costs', async () => {
    const id = await createSession()
    const start = 'mutation ($id: ID!) { startChat(input: {sessionId: $id, text: "Hello"}) { id } }'
    await docs.request(start, { id })
    let data = await docs.run('CostOfSession', { id })
    while (!JSON.stringify(data['session']?.['messages']).includes('"amount":'))
      data = await docs.run('CostOfSession', { id })
    expect(data).toMatchObject({ session: { usage: { cost: { currency: 'USD', estimated: true } } } })
    expect(await docs.run('Ask')).toMatchObject({ startChat: { status: 'RUNNING', error: null } })
    const create = 'mutation { createJob(input: {name: "Bees", prompt: "Hello", schedule: "0 9 29 2 *"}) { id } }'
    const [created] = await docs.request(create)
    expect(await docs.run('LimitJob', { id: created?.['createJob']?.['id'] })).toMatchObject({
      updateJob: { budget: { tokens: 100_000, cost: 0.2 } },
    })
    const day = new Date().toISOString().slice(0, 10)
    expect(await docs.run('Usage')).toMatchObject({
      usage: { value: expect.arrayContaining([expect.objectContaining({ group: day })]) },
    })
  })
})

describe('the page on approvals', () => {
  test('lets a person answer a question', async () => {
    await docs.request(startChat, { text: '/ask Which one? | red | blue' })
    const event = (
      await docs.stream('Waiting', {}, ({ clarifications }) => clarifications?.['state'] === 'PENDING')
    ).at(-1)
    expect(event).toMatchObject({ clarifications: { question: 'Which one?', choices: ['red', 'blue'] } })
    const { answer } = docs.variablesOf('Answer')
    expect(await docs.run('Answer', { id: event?.['clarifications']?.['id'] })).toMatchObject({
      answerClarification: { state: 'ANSWERED', answer },
    })
  })

  test('lets a person fill in a form', async () => {
    await docs.request(startChat, { text: '/form Where to? | city | class: first, second' })
    const event = (
      await docs.stream('Waiting', {}, ({ clarifications }) => clarifications?.['state'] === 'PENDING')
    ).at(-1)
    const { values } = docs.variablesOf('FillIn')
    expect(await docs.run('FillIn', { id: event?.['clarifications']?.['id'] })).toMatchObject({
      answerClarification: { state: 'ANSWERED', answer: JSON.stringify(values) },
    })
  })

  test('lets a person allow a tool call, which then runs', async () => {
    await docs.request(startChat, { text: '/tool files__write_file {"path": "note.txt", "content": "Hello"}' })
    const pending = (await docs.stream('Asking', {}, ({ approvals }) => approvals?.['state'] === 'PENDING')).at(-1)
    expect(pending).toMatchObject({ approvals: { toolCall: { name: 'files__write_file' } } })
    expect(await docs.run('Allow', { id: pending?.['approvals']?.['id'] })).toMatchObject({
      answerApproval: { state: 'ANSWERED', decision: 'ONCE' },
    })
    await waitUntil(() => existsSync(join(docs.folder, 'home', 'note.txt')))
  })

  test('lets a person change what runs', async () => {
    await docs.request(startChat, { text: '/tool files__write_file {"path": "mine.txt", "content": "Hello"}' })
    const pending = (await docs.stream('Asking', {}, ({ approvals }) => approvals?.['state'] === 'PENDING')).at(-1)
    const changed = { path: 'yours.txt', content: 'Hello' }
    const variables = { id: pending?.['approvals']?.['id'], arguments: changed }
    expect(await docs.run('AllowChanged', variables)).toMatchObject({ answerApproval: { arguments: changed } })
    await waitUntil(() => existsSync(join(docs.folder, 'home', 'yours.txt')))
    expect(existsSync(join(docs.folder, 'home', 'mine.txt'))).toBe(false)
  })

  test('lets a person allow some calls only, and take that back', async () => {
    await docs.request(startChat, { text: '/tool files__write_file {"path": "notes/a.txt", "content": "Hello"}' })
    const pending = (await docs.stream('Asking', {}, ({ approvals }) => approvals?.['state'] === 'PENDING')).at(-1)
    const { pattern } = docs.variablesOf('AllowNotes')
    expect(await docs.run('AllowNotes', { id: pending?.['approvals']?.['id'] })).toMatchObject({
      answerApproval: { state: 'ANSWERED', pattern },
    })
    const [rule] = z
      .object({ profile: z.object({ approvalRules: z.array(z.object({ id: z.string(), tool: z.string() })) }) })
      .parse(await docs.run('Allowed')).profile.approvalRules
    expect(rule?.tool).toBe('files__write_file')
    expect(await docs.run('Forget', { id: rule?.id })).toEqual({ forgetApproval: { approvalRules: [] } })
  })
})

test('the page on context shows how full that of a session is', async () => {
  const context = { compactsAt: null, estimated: true, history: 0, tokens: expect.any(Number) }
  expect(await docs.run('ContextSize', { id: await createSession() })).toMatchObject({ session: { context } })
})

describe('the page on conversations', () => {
  test('lists what wants attention, until it is read', async () => {
    const [data] = await docs.request('mutation { startChat(input: {text: "Look at this"}) { session { id } } }')
    const { session } = z.object({ session: z.object({ id: z.string() }) }).parse(data?.['startChat'])
    const id = `cnv_${session.id}`
    const listed = async () => JSON.stringify(await docs.run('ToDo'))
    while (!(await listed()).includes(id));
    expect(await docs.run('Read', { id })).toMatchObject({ markRead: { id, attention: 'IDLE' } })
    expect(await listed()).not.toContain(id)
  })

  test('lists each chat once, reports a new one, and finds a message', async () => {
    const garden = { id: 'cnv_20260213_090000_d4e5f6', title: 'Garden', segmentCount: expect.any(Number) }
    expect(await docs.run('Sidebar')).toMatchObject({
      conversations: { edges: expect.arrayContaining([{ node: expect.objectContaining(garden) }]) },
    })
    const isNewChat = ({ conversationsChanged }: ResultData) =>
      JSON.stringify(conversationsChanged).includes('A new chat')
    const changes = docs.stream('Changes', {}, isNewChat)
    await repeatUntil(changes, () => docs.request(startChat, { text: 'A new chat' }))
    expect((await changes).at(-1)).toMatchObject({ conversationsChanged: { kind: 'UPSERTED' } })
    expect(await docs.run('Transcript', { id: '20260213_090000_d4e5f6' })).toMatchObject({
      session: { transcript: { edges: expect.arrayContaining([{ node: expect.objectContaining({ kind: 'CHAT' }) }]) } },
    })
    expect(await docs.run('Search')).toMatchObject({
      search: {
        edges: [{ node: { snippet: 'What can I plant in November?', session: { conversation: { id: garden.id } } } }],
      },
    })
  })

  test('regenerates, forks and compacts a session', async () => {
    const query = `subscription { streamChat(input: {text: "I am sad"}) {
      ... on StreamFinished { stream { session { id } } message { id } }
    } }`
    const finished = (await docs.request(query)).at(-1)?.['streamChat']
    const { stream, message } = z
      .object({ stream: z.object({ session: z.object({ id: z.string() }) }), message: z.object({ id: z.string() }) })
      .parse(finished)
    expect(await docs.run('Again', { messageId: message.id })).toMatchObject({
      regenerate: { id: expect.stringMatching(/^str_/) },
    })
    const branches = await docs.run('Branches', { id: stream.session.id })
    expect(JSON.stringify(branches)).toContain(message.id)
    expect(await docs.run('Fork', { messageId: message.id })).toMatchObject({ forkSession: { messageCount: 2 } })
    expect(await docs.run('Compact', { id: stream.session.id })).toMatchObject({
      compactSession: { segmentCount: 2, messages: { edges: [{ node: { role: 'SYSTEM' } }] } },
    })
  })

  test('pins, archives and deletes conversations and sessions', async () => {
    const id = await createSession()
    const conversation = { id: `cnv_${await createSession()}` }
    expect(await docs.run('Pin', conversation)).toMatchObject({
      updateConversation: { ...conversation, title: 'Bees and owls', pinned: true, archived: false },
    })
    expect(await docs.run('DeleteAll', conversation)).toEqual({ deleteConversation: { value: conversation.id } })
    expect(await docs.run('Tidy', { ids: [id] })).toMatchObject({ updateSessions: { value: [{ id, archived: true }] } })
    expect(await docs.run('Delete', { id })).toEqual({ deleteSession: { value: id } })
  })
})

test('the page on instructions gives them to a session and a job, and shows what a model is sent', async () => {
  const id = await createSession()
  const { instructions } = docs.variablesOf('Instruct')
  expect(await docs.run('Instruct', { id })).toMatchObject({
    updateSession: { id, instructions, ownInstructions: instructions },
  })
  expect(await docs.run('Context', { id })).toMatchObject({
    session: { instructions, modelContext: [{ role: 'system', content: expect.stringMatching(/^Answer in Latin\./) }] },
  })
  const job = 'mutation { createJob(input: { name: "J", prompt: "p", schedule: "0 9 29 2 *" }) { id } }'
  const jobId = (await docs.request(job))[0]?.['createJob']?.['id']
  expect(await docs.run('Brief', { id: jobId })).toMatchObject({
    updateJob: { id: jobId, instructions: 'Answer in three sentences.' },
  })
})

test('the page on steps shows how long reasoning took, while it comes and later', async () => {
  const events = (await docs.stream('WatchSteps')).map(({ streamChat }) => streamChat)
  const ends = events.filter((event) => event?.['__typename'] === 'PartFinished')
  expect(ends).toMatchObject([{ partIndex: 0 }, { partIndex: 1 }])
  expect(events.filter((event) => event?.['__typename'] === 'StepFinished')).toMatchObject([
    { step: 0, finishReason: 'STOP', usage: { outputTokens: expect.any(Number) } },
  ])
  const sent = 'mutation { startChat(input: { text: "Hello", ifBusy: QUEUE }) { id session { id } } }'
  const streamId = (await docs.request(sent))[0]?.['startChat']?.['id']
  const followed = await docs.request(
    `subscription { followStream(streamId: "${String(streamId)}") { ... on StreamFinished { message { id } } } }`,
  )
  const message = followed.at(-1)?.['followStream']?.['message']
  const id = message !== null && typeof message === 'object' && 'id' in message ? message.id : null
  const times = { startedAt: expect.any(String), endedAt: expect.any(String) }
  expect(await docs.run('Steps', { id })).toMatchObject({
    message: {
      parts: [
        { __typename: 'ReasoningPart', step: 0, ...times },
        { step: 0, ...times },
      ],
    },
  })
})

test('the page on instructions asks for an effort', async () => {
  expect(await docs.run('Efforts')).toMatchObject({
    models: { value: [{ qualifiedName: 'offline/eliza', efforts: ['low', 'medium', 'high'] }] },
  })
  expect(await docs.run('Think')).toMatchObject({ startChat: { effort: 'high', session: { effort: 'high' } } })
})

test('the page on providers lists the models with what is known of them', async () => {
  expect(await docs.run('Models')).toMatchObject({
    models: {
      value: expect.arrayContaining([expect.objectContaining({ qualifiedName: 'offline/eliza', isDefault: true })]),
    },
  })
})

test('the page on providers says which of them answer', async () => {
  expect(await docs.run('Providers')).toMatchObject({
    profile: { providers: expect.arrayContaining([expect.objectContaining({ name: 'offline', state: 'READY' })]) },
  })
})

test('the page on conversations counts them by what they can be filtered by', async () => {
  const { conversationCounts, archived } = await docs.run('Counts')
  expect(conversationCounts).toMatchObject({ origins: expect.any(Array), total: expect.any(Number) })
  expect(archived).toMatchObject({ total: expect.any(Number) })
})

test('the page on jobs shows when a job would run', async () => {
  expect((await docs.run('WhenItRuns'))['schedulePreview']?.['value']).toHaveLength(5)
})

test('the page on limits asks for a page of sessions with their messages', async () => {
  expect((await docs.run('CostlyPage'))['sessions']).toBeDefined()
})

test('the page on clients sends a mutation again, and it happens once', async () => {
  const created = await docs.run('Once')
  expect(created).toMatchObject({ createSession: { title: 'Garden' } })
  expect(await docs.run('Once')).toEqual(created)
})

test('the page on jobs creates a job, runs it, and reports the run', async () => {
  const created = await docs.run('Daily')
  expect(created).toMatchObject({
    createJob: {
      recurring: true,
      nextRuns: [created['createJob']?.['nextRunAt'], ...Array(4).fill(expect.any(String))],
    },
  })
  const id = created['createJob']?.['id']
  expect(await docs.run('RunNow', { id })).toMatchObject({
    runJob: { alreadyRunning: false, run: { status: 'RUNNING' } },
  })
  const runs = await docs.stream('Runs', {}, ({ jobRuns }) => jobRuns?.['status'] !== 'RUNNING')
  expect(runs.at(-1)).toMatchObject({ jobRuns: { status: 'OK', output: expect.any(String), job: { id } } })
})

test('the page on profiles creates a profile and lists all of them', async () => {
  expect(await docs.run('Work')).toMatchObject({
    createProfile: { name: 'work' },
    startChat: { session: { profile: { name: 'work' } } },
  })
  expect(await docs.run('Profiles')).toMatchObject({
    profiles: { value: [{ name: 'default' }, { name: 'work', models: [{ qualifiedName: 'offline/eliza' }] }] },
  })
})

test('the page on files sends an upload with a message', async () => {
  const body = new Blob(['# Notes'], { type: 'text/markdown' })
  const response = await fetch(`${docs.url}/files?name=notes.md`, { method: 'POST', body })
  const { url } = z.object({ url: z.string() }).parse(await response.json())
  expect(await docs.run('AskAboutFile', { url })).toMatchObject({ startChat: { id: expect.stringMatching(/^str_/) } })
})

test('every operation in README and docs ran in one of these tests', () => {
  const documented = documentationPages.flatMap(listOperations).map(({ name }) => name)
  expect(documented.toSorted()).toEqual([...docs.executed].toSorted())
})
