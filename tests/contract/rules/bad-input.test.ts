import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { buildSchema, isEnumType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ToolCallPrecondition as AgentGate } from '../../../src/agent/agent.ts'
import { waitForAbort } from '../../../src/lib/async/wait-for-abort.ts'
import { newResolvedModel } from '../../support/providers/resolved-model.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { ask, mutate, requireNonNull, readUntil } from '../support/typed-client.ts'
import { type BadValue, listBadValues, type KnownIds, type ExpectedOutcome } from '../support/bad-values.ts'
import { type ValidIds, buildValidVariables, newQueuedIds, newSteeringId } from '../support/good-variables.ts'
import { waitForRunEnd, newJob, runJob, loadRun, pollUntil } from '../support/job.ts'
import { isEventOfType, newSession, streamChat, streamToEnd } from '../support/chat.ts'
import { type Client, type Result, type Transport, transports } from '../support/clients.ts'
import { CreateSessionDocument, MessagesDocument, SessionsDocument } from '../generated/graphql.ts'
import { type InputPosition, listInputPositions, withValue } from '../support/input-positions.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

const schema = buildSchema(readFileSync(join(import.meta.dirname, '..', '..', '..', 'schema.graphql'), 'utf8'))
const codes = schema.getType('ErrorCode')

interface Setting extends KnownIds, ValidIds, AsyncDisposable {
  readonly environment: TestEnvironment
  readonly rows: TestDatabase
}

async function newSetting(transport: Transport): Promise<Setting> {
  await using disposables = new AsyncDisposableStack()
  const hermes = (db: HermesDb): void => {
    db.addSession('hermes-1', { end_reason: 'cli_close' })
    db.addMessage('hermes-1', 2, { content: 'Hello' })
  }
  const mcpServers = [{ type: 'unused', name: 'off', prefix: 'off', error: null }] as const
  const environment = disposables.use(
    await newTestEnvironment(transport, { fillHermes: hermes, settings: { mcpServers } }),
  )
  const rows = disposables.use(TestDatabase.read(environment.segue.home))
  const writing = environment.connect('http')
  const { end } = await streamToEnd(writing, { text: 'Hello', model: 'offline/eliza', key: 'taken' })
  const sessionKey = 'a session'
  const spareId = (await mutate(writing, CreateSessionDocument, { key: sessionKey })).createSession.id
  mkdirSync(join(environment.segue.home, 'profiles', 'spare'), { recursive: true })
  const job = await newEndedJob(writing)
  const { sessionId } = end
  // Wait until the deltas are coalesced: later writes come from the operation under test.
  const events = 2 * (2 * requireNonNull(end.message).parts.length + 4)
  await waitUntil(() => rows.count('events') === events)
  const { sessions } = await ask(writing, SessionsDocument, { first: 1 })
  const { session } = await ask(writing, MessagesDocument, { sessionId, first: 1 })
  const decisions = await newDecisions(environment, writing)
  const runningJobId = await newRunningJob(environment, writing)
  const queuedIds = await newQueuedIds(writing)
  const steeringId = await newSteeringId(writing)
  const lastId = await newSession(writing)
  const spareRootId = await newSession(writing)
  const spareJobId = (await newJob(writing)).id
  const owned = disposables.move()
  return {
    ...decisions,
    ...queuedIds,
    ...job,
    environment,
    rows,
    runningJobId,
    steeringId,
    lastId,
    spareRootId,
    spareJobId,
    spareProfile: 'spare',
    profile: 'default',
    sessionId,
    sessionKey,
    spareId,
    streamId: end.stream.id,
    messageId: requireNonNull(end.message).id,
    sessionCursor: requireNonNull(sessions.pageInfo.endCursor),
    messageCursor: requireNonNull(session?.messages.pageInfo.endCursor),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Starts an answer that waits for an approval and for a clarification. */
async function newDecisions(
  environment: TestEnvironment,
  client: Client,
): Promise<Pick<KnownIds, 'approvalId' | 'clarificationId'>> {
  const call = (callId: string, gate: AgentGate) =>
    ({ type: 'tool-call', callId, name: 'look', argumentsText: '{}', gate }) as const
  const agent = newResolvedModel({
    async *answer({ signal }) {
      yield call('1', { type: 'approval', description: 'Look around', inputSchema: {}, timeoutMs: 600_000 })
      yield call('2', { type: 'question', question: 'Where?', choices: [], timeoutMs: 600_000 })
      await waitForAbort(signal)
    },
  })
  const find = vi.spyOn(environment.segue.defaultProfile.models, 'resolve').mockResolvedValueOnce(agent)
  const events = streamChat(client, { text: 'Look around' })
  const { last: asksFirst } = await readUntil(events, isEventOfType('ApprovalChanged'))
  const { last: asksSecond } = await readUntil(events, isEventOfType('ClarificationChanged'))
  find.mockRestore()
  return { approvalId: asksFirst.approval.id, clarificationId: asksSecond.clarification.id }
}

/** A job whose run does not end. */
async function newRunningJob(environment: TestEnvironment, client: Client): Promise<string> {
  const agent = newResolvedModel({
    // oxlint-disable-next-line require-yield
    async *answer({ signal }) {
      await waitForAbort(signal)
    },
  })
  const { id } = await newJob(client)
  const find = vi.spyOn(environment.segue.defaultProfile.models, 'resolve').mockResolvedValueOnce(agent)
  const { run } = await runJob(client, id)
  await pollUntil(
    () => loadRun(client, run.id),
    ({ session }) => session !== null,
  )
  find.mockRestore()
  return id
}

/** A job that was run manually and is due every four years. */
async function newEndedJob(client: Client): Promise<Pick<KnownIds, 'jobId' | 'runId'>> {
  const { id } = await newJob(client, { prompt: 'Hello', model: 'offline/eliza' })
  const { run } = await runJob(client, id)
  await waitForRunEnd(client, run.id)
  return { jobId: id, runId: run.id }
}

const places = listInputPositions(schema, {
  Job: (selection) => `jobs { ${selection} }`,
  Conversation: (selection) => `session(id: "hermes-1") { conversation { ${selection} } }`,
  Profile: (selection) => `session(id: "hermes-1") { profile { ${selection} } }`,
  Session: (selection) => `session(id: "hermes-1") { ${selection} }`,
})

async function firstResult(
  client: Client,
  { kind, operation }: InputPosition,
  variables: object,
): Promise<Result<unknown>> {
  if (kind !== 'subscription') return client.execute(operation, variables)
  for await (const result of client.subscribe(operation, variables)) return result
  throw new Error('The subscription ended without a result.')
}

/** Describes what is wrong with the response to a bad value. Null if it is right. */
function findProblem(
  { data, errors }: Result<unknown>,
  outcome: ExpectedOutcome,
  { path }: InputPosition,
): string | null {
  if (outcome === 'nothing') return errors || !holdsNothing(data) ? `was answered ${show({ data, errors })}` : null
  if (!errors || errors.length === 0) return `got ${show(data)} instead of an error`
  for (const { message, extensions = {} } of errors) {
    const { code, path: at } = extensions
    if (code !== outcome) return `is ${show(code)} instead of ${outcome}: ${message}`
    if (message.length > maxMessageLength)
      return `has a message of ${message.length} characters: ${message.slice(0, 100)}…`
    if (leaks.test(message)) return `reveals internals: ${message}`
    const leadsHere = Array.isArray(at) && path.every((name, index) => at[index] === name)
    if (code === 'BAD_USER_INPUT' && !leadsHere) return `leads to ${show(at)} instead of ${show(path)}: ${message}`
  }
  return null
}

const maxMessageLength = 500 // UTF-16 code units

const leaks = /\bat \S+ \(|\D:\d+:\d+|node_modules|\.ts\b|\/tmp\/|SQLITE|SqliteError|undefined/

/** True for null, empty lists, and objects that contain only those. */
function holdsNothing(data: unknown): boolean {
  if (data === null || data === undefined) return true
  if (typeof data !== 'object') return false
  return Object.values(data).every(holdsNothing)
}

/** Formats a value for the report of a test. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length})` : text
}

/** All values are tried over one transport, and one value of each kind over the others. */
const thorough: Transport = 'webSocket'

function oneOfEach(values: readonly BadValue[]): BadValue[] {
  return [...new Map(values.map((each) => [`${each.outcome} ${typeof each.value}`, each])).values()]
}

/** What fits a URL: Node accepts 16 KiB of headers. */
const fitsUrl = (variables: object): boolean => encodeURIComponent(JSON.stringify(variables)).length < 14_000

describe.each([...transports, 'httpGet'] as const)(
  'Invalid input, over %s, is refused and changes nothing:',
  (transport) => {
    let setting: Setting
    beforeAll(async () => {
      setting = await newSetting(transport)
    })
    afterAll(() => setting[Symbol.asyncDispose]())

    const readsOnly = transport === 'httpGet'
    test.each(places.filter(({ kind }) => !readsOnly || kind === 'query'))('$name', async (place) => {
      const { environment, rows } = setting
      const before = rows.readAll()
      const good = buildValidVariables(place, setting)
      const values = listBadValues(place, setting)
      const faults = (transport === thorough ? values : oneOfEach(values)).map(async ({ value, outcome }) => {
        const variables = withValue(good, place.path, value)
        if (readsOnly && !fitsUrl(variables)) return []
        const wrong = findProblem(await firstResult(environment.client, place, variables), outcome, place)
        return wrong === null ? [] : [`${show(value)} ${wrong}`]
      })
      expect((await Promise.all(faults)).flat()).toEqual([])
      const after = rows.readAll()
      // A call that is accepted, although it has nothing to do, keeps the key that a WebSocket gives it.
      if (values.some(({ outcome }) => outcome === 'nothing'))
        after['idempotency_keys'] = before['idempotency_keys'] ?? []
      // Compare first: the matcher is slow, and needed only to show a difference.
      if (!isDeepStrictEqual(after, before)) expect(after).toEqual(before)
      expect(environment.segue.warnings).toEqual([])
    })

    if (transport !== 'http') return
    // Runs last, because it changes the state that the other tests share.
    test('valid input is accepted', async () => {
      const { environment } = setting
      const fields = [...new Map(places.map((each) => [each.field, each])).values()]
      // Read pending decisions before they are answered.
      const [changing, reading] = [true, false].map((does) =>
        fields.filter(({ kind }) => (kind === 'mutation') === does),
      )
      for (const place of [...requireNonNull(reading), ...requireNonNull(changing)]) {
        const { data, errors } = await firstResult(environment.client, place, buildValidVariables(place, setting))
        expect(errors, place.name).toBeUndefined()
        expect(holdsNothing(data), place.name).toBe(false)
      }
    })
  },
)

describe('The positions that are tried', () => {
  test('are every argument and input field of the schema', () => {
    expect(places.length).toBeGreaterThan(40)
    expect(places.map(({ name }) => name)).toContain('subscription streamChat: input.text')
    const known = isEnumType(codes) ? codes.getValues().map(({ name }) => name) : []
    expect(known).toEqual(expect.arrayContaining(['BAD_USER_INPUT', 'NOT_FOUND', 'TOO_LARGE']))
  })
})
