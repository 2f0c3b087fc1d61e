import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Settings } from '../../src/config/settings.ts'
import { SettingsError } from '../../src/config/settings-error.ts'
import { formatStartError } from '../../src/cli/format-start-error.ts'
import { ask } from '../support/server/graphql-request.ts'
import { listOneStepSeqs } from '../support/fixtures/stream-seqs.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue } from '../support/server/segue.ts'
import { runToEnd, type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { findUnusedUrl } from '../support/server/small-server.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { type Follower, followOverEventStream, followOverWebSocket } from '../support/clients/follower.ts'
import {
  DatabaseTooNewError,
  DatabaseUnusableError,
  HomeInUseError,
  UnusableHomeError,
} from '../../src/storage/errors.ts'
import { TestDatabase } from '../support/storage/test-database.ts'

/** How long a shutdown may take, from the signal to the exit of the process. */
const maxShutdownMs = 2_000

function newFolder(): string {
  const path = newTempFolder()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

interface ProgramOptions {
  readonly home: string
  /** Milliseconds between two words of the offline agent. */
  readonly delay?: number
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Returns arguments with which the server uses nothing of this machine's user. */
function toArguments({ home, delay = 40, argv = [], env = {} }: ProgramOptions) {
  return {
    argv: ['--port', '0', '--home', home, '--offline-delay', `${delay}`, ...argv],
    env: { HOME: home, ...env },
  }
}

const start = (options: ProgramOptions): Promise<ServerProcess> => startServerProcess(toArguments(options))
const runToFailure = (options: ProgramOptions) => runToEnd(toArguments(options))

/** Starts a server in this process, which is faster. */
const startInProcess = (settings: Partial<Settings>) => startTestSegue({ settings })

const streamSchema = z.object({
  id: z.string(),
  status: z.string(),
  lastSeq: z.number(),
  error: z.object({ code: z.string() }).nullable(),
  message: z.object({ status: z.string(), text: z.string(), reasoning: z.string().nullable() }).nullable(),
  session: z.object({ id: z.string(), lastActivityAt: z.string(), headSeq: z.number() }),
})
const streamFields = `id status lastSeq error { code } message { status text reasoning }
  session { id lastActivityAt headSeq }`

/** Sends a message to a new or existing session. Resolves to the stream that answers it. */
async function chat(url: string, input: { text?: string; sessionId?: string; model?: string } = {}) {
  const { startChat } = await ask(url, z.object({ startChat: streamSchema }), {
    query: `mutation ($input: StreamChatInput!) { startChat(input: $input) { ${streamFields} } }`,
    variables: { input: { text: 'Who are you? Tell me all about yourself.', ...input } },
  })
  return startChat
}

async function loadStream(url: string, id: string) {
  const { stream } = await ask(url, z.object({ stream: streamSchema }), {
    query: `query ($id: ID!) { stream(id: $id) { ${streamFields} } }`,
    variables: { id },
  })
  return stream
}

async function listSessionIds(url: string): Promise<string[]> {
  const { sessions } = await ask(url, listSchema, { query: '{ sessions { edges { node { id } } } }' })
  return sessions.edges.map(({ node }) => node.id)
}

const listSchema = z.object({
  sessions: z.object({ edges: z.array(z.object({ node: z.object({ id: z.string() }) })) }),
})

/** Creates the default Hermes home of a user. */
function createDefaultHermesHome(home: string): string {
  const path = join(home, '.hermes')
  mkdirSync(path)
  return path
}

/** Sends a signal to a server. Resolves to its exit status, and to the milliseconds until its exit. */
async function stopAndMeasure(server: ServerProcess, signal: NodeJS.Signals) {
  const startedAt = performance.now()
  const code = await server.stop(signal)
  return { code, durationMs: performance.now() - startedAt }
}

/** Expects that everything that the followers received was saved. */
function expectSaved(saved: Awaited<ReturnType<typeof loadStream>>, followers: readonly Follower[]): void {
  for (const follower of followers) {
    expect(saved.message?.text.startsWith(follower.joinText('TextDelta'))).toBe(true)
    expect(saved.message?.reasoning?.startsWith(follower.joinText('ReasoningDelta'))).toBe(true)
    const { events } = follower
    const hasEnd = events.at(-1)?.type === 'StreamFinished'
    expect(events.map(({ seq }) => seq)).toEqual(hasEnd ? listOneStepSeqs(events) : events.map((_, index) => index + 1))
  }
}

describe('a started server', { timeout: 60_000 }, () => {
  const home = newTempFolder()
  let server: ServerProcess
  beforeAll(async () => {
    const hermes = new HermesDb(join(createDefaultHermesHome(home), 'state.db'))
    hermes.addSession('s')
    hermes.close()
    const port = new URL(await findUnusedUrl()).port
    server = await start({ home, delay: 5, argv: ['--port', port, '--no-hermes'] })
    expect(new URL(server.url)).toMatchObject({ hostname: '127.0.0.1', port })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })

  test('answers as soon as it says that it is ready', async () => {
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })

  test('answers a chat without any configuration', async () => {
    const stream = await chat(server.url, { text: 'Hello' })
    const follower = followOverEventStream(server.url, stream.id)
    await follower.waitForEnd()
    expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
  })

  test('does not read a Hermes home with --no-hermes', async () => {
    expect(await listSessionIds(server.url)).not.toContain('s')
  })

  test('is not disturbed by servers that fail to start because it uses their home or port', async () => {
    const { id } = await chat(server.url)
    const { port } = new URL(server.url)
    const otherHome = newFolder()
    await expectRefusedInProcess({ home }, HomeInUseError, home, '--home')
    expectRefusal(await runToFailure({ home: otherHome, argv: ['--port', port] }), port, '--port')
    // The server that failed on the port has unlocked its home.
    await using _ = await startInProcess({ home: otherHome })
    const follower = followOverWebSocket(server.url, id)
    await follower.waitForEnd()
    expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })

  test('prints where it is on stdout, and nothing else until it exits', async () => {
    expect(await server.stop('SIGTERM')).toBe(0)
    expect(server.output.stdout).toMatch(readyLines(server.url))
    expect(server.output.stderr).toContain('Stopping.')
  })
})

test('--help prints the help on stderr and exits with status 0', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await runToEnd({ argv: ['--help'] })
  expect([code, stdout]).toEqual([0, ''])
  for (const name of ['--port', 'SEGUE_HOME', 'HERMES_HOME', '--model']) expect(stderr).toContain(name)
})

/** Opens a WebSocket whose client never sends another byte, not even a close frame. */
async function openUnresponsiveSocket(url: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const protocol = 'Sec-WebSocket-Protocol: graphql-transport-ws\r\n'
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}${protocol}\r\n`,
  )
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1.1 101 /)
}

describe('a shutdown by', { timeout: 60_000 }, () => {
  // A Ctrl-C arrives twice, from the terminal and from npm.
  test.each<[NodeJS.Signals, string, number, readonly NodeJS.Signals[]]>([
    ['SIGTERM', '20 running streams', 20, []],
    ['SIGINT', 'a running stream, if it arrives twice', 1, ['SIGINT']],
  ])(
    '%s saves %s, delivers the end to followers, does not wait for silent clients, and exits with status 0',
    async (signal, _, count, furtherSignals) => {
      const home = newFolder()
      await using server = await start({ home, delay: 100, argv: ['--grace', '0'] })
      const streams = await Promise.all(Array.from({ length: count }, () => chat(server.url)))
      const followed = streams.map(({ id }) => ({
        id,
        followers: [followOverWebSocket(server.url, id), followOverEventStream(server.url, id)],
      }))
      await openUnresponsiveSocket(server.url)
      for (const { followers } of followed) for (const follower of followers) await follower.waitForDeltas(3)

      server.process.stderr.once('data', () => {
        for (const furtherSignal of furtherSignals) server.process.kill(furtherSignal)
      })
      const { code, durationMs } = await stopAndMeasure(server, signal)
      expect(code).toBe(0)
      expect(durationMs).toBeLessThan(maxShutdownMs)
      for (const { followers } of followed) {
        for (const follower of followers) {
          await follower.closed
          expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'INTERRUPTED' } })
        }
      }

      await using restarted = await startInProcess({ home, port: Number(new URL(server.url).port) })
      expect(restarted.url).toBe(server.url)
      for (const { id, followers } of followed) {
        const saved = await loadStream(restarted.url, id)
        expect(saved).toMatchObject({
          status: 'INTERRUPTED',
          error: { code: 'SERVER_RESTART' },
          message: { status: 'PARTIAL' },
        })
        expectSaved(saved, followers)
        const received = followers[0]?.events.at(-1)?.message
        expect(saved.message).toMatchObject(received ?? {})
      }
      const next = await chat(restarted.url, { sessionId: streams[0]?.session.id ?? '' })
      const follower = followOverWebSocket(restarted.url, next.id)
      await follower.waitForDeltas(1)
    },
  )
})

describe('a kill', { timeout: 60_000 }, () => {
  test('at any moment, also repeatedly, loses nothing that was delivered, and the sessions can be continued', async () => {
    const home = newFolder()
    const started: { id: string; session: { id: string; lastActivityAt: string }; followers: Follower[] }[] = []
    const expectNothingLost = async (url: string): Promise<void> => {
      for (const { id, session, followers } of started) {
        const saved = await loadStream(url, id)
        expect(saved).toMatchObject({
          status: 'INTERRUPTED',
          error: { code: 'SERVER_RESTART' },
          message: { status: 'PARTIAL' },
        })
        expectSaved(saved, followers)
        // Recovery is not an activity.
        expect(saved.session.lastActivityAt).toBe(session.lastActivityAt)
        expect(saved.lastSeq).toBe(saved.session.headSeq)
      }
    }
    for (const moments of [
      [10, 1],
      [6, 2],
    ]) {
      await using server = await start({ home, delay: 5 })
      await expectNothingLost(server.url)
      for (const moment of moments) {
        const { id, session } = await chat(server.url)
        const followers = [followOverWebSocket(server.url, id), followOverEventStream(server.url, id)]
        for (const follower of followers) await follower.waitForDeltas(moment)
        started.push({ id, session, followers })
      }
      await server.stop('SIGKILL')
      for (const { followers } of started) for (const { closed: over } of followers) await over
    }

    await using restarted = await startInProcess({ home })
    await expectNothingLost(restarted.url)
    for (const { id, session, followers } of started) {
      // A follower from the start receives everything once, up to the end. Deltas may be coalesced by now.
      const late = followOverWebSocket(restarted.url, id)
      await late.waitForEnd()
      const seqs = late.events.map(({ seq }) => seq)
      expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b))
      const { lastSeq, message } = await loadStream(restarted.url, id)
      expect([late.joinText('TextDelta'), late.joinText('ReasoningDelta')]).toEqual([message?.text, message?.reasoning])
      expect([seqs[0], seqs.at(-1)]).toEqual([1, lastSeq])
      expect(lastSeq).toBeGreaterThan(followers[0]?.events.at(-1)?.seq ?? 0)

      const next = await chat(restarted.url, { sessionId: session.id })
      const follower = followOverEventStream(restarted.url, next.id)
      await follower.waitForEnd()
      expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
      expect(follower.events[0]?.seq).toBe(lastSeq + 1)
    }
  })
})

describe('a server with a provider and a Hermes agent', { timeout: 60_000 }, () => {
  const home = newTempFolder()
  let hermes: HermesDb
  let provider: StrictProvider
  let server: ServerProcess
  beforeAll(async () => {
    hermes = new HermesDb(join(createDefaultHermesHome(home), 'state.db'), 'newest', 'delete')
    hermes.addMessage(hermes.addSession('from the terminal'), 1, { content: 'hello' })
    provider = await StrictProvider.start({ apiKey: 'sk-of-the-environment' })
    const local = {
      type: 'openai-compatible',
      baseURL: provider.baseURL,
      models: ['test'],
      apiKeyEnv: 'LOCAL_KEY',
    }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ model: 'local/test', providers: { local } }))
    server = await start({ home, argv: ['--grace', '0'], env: { LOCAL_KEY: 'sk-of-the-environment' } })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await provider.close()
    hermes.close()
    rmSync(home, { recursive: true, force: true })
  })

  test('uses the provider of config.json with the API key of the environment', async () => {
    const { id } = await chat(server.url, { text: 'Hello?' })
    const follower = followOverWebSocket(server.url, id)
    const { headers, body } = await provider.waitForRequest(0)
    expect(headers.authorization).toBe('Bearer sk-of-the-environment')
    expect(body.messages.at(-1)).toMatchObject({ role: 'user' })
    await follower.waitForEnd()
    expect(follower.events.at(-1)).toMatchObject({
      stream: { status: 'COMPLETED' },
      message: { text: 'Hello from the strict provider.' },
    })
    // The request for the title. Later tests count requests.
    await provider.waitForRequest(1)
    expect(provider.rejections).toEqual([])
  })

  test('reads the Hermes home in its default place', async () => {
    expect(await listSessionIds(server.url)).toContain('from the terminal')
  })

  test('shuts down in time with silent providers and a locked Hermes database', async () => {
    const never = new Promise<never>(() => undefined)
    const requestCount = provider.requests.length
    const requests = []
    for (const [steps, text] of [
      [[], ''],
      [[{ open: true }], ''],
      [[{ text: 'Half of' }], 'Half of'],
    ] as const) {
      provider.enqueue([...steps, { wait: never }])
      const { id } = await chat(server.url)
      const request = await provider.waitForRequest(requestCount + requests.length)
      const follower = followOverWebSocket(server.url, id)
      await follower.waitForDeltas(text ? 1 : 0)
      requests.push({ id, text, request, follower })
    }
    hermes.db.exec('BEGIN EXCLUSIVE')
    const waiting = listSessionIds(server.url).catch(() => [])
    // When this is answered, the query above waits for the lock.
    await fetch(`${server.url}/health`)
    const { code, durationMs } = await stopAndMeasure(server, 'SIGTERM')
    expect([code, durationMs < maxShutdownMs]).toEqual([0, true])
    hermes.db.exec('ROLLBACK')
    await waiting

    await using restarted = await startInProcess({ home })
    for (const { id, text, request, follower } of requests) {
      expect(await request.closed).toBe('client')
      await follower.closed
      expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' } })
      const saved = await loadStream(restarted.url, id)
      expect(saved).toMatchObject({ status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } })
      expect(saved.message?.text ?? '').toBe(text)
    }
    expect(server.output.stdout).toMatch(readyLines(server.url))
    expect(server.output.stdout + server.output.stderr).not.toContain('sk-of')
  })
})

test('a Hermes home that does not exist yet is read once it does', { timeout: 60_000 }, async () => {
  const home = newFolder()
  const hermesHome = join(home, 'hermes')
  await using segue = await startInProcess({ home, hermesHome })
  expect(await listSessionIds(segue.url)).toEqual([])
  mkdirSync(hermesHome)
  expect(await listSessionIds(segue.url)).toEqual([])
  const hermes = new HermesDb(join(hermesHome, 'state.db'))
  onTestFinished(() => hermes.close())
  hermes.addMessage(hermes.addSession('from the terminal'), 1, { content: 'hello' })
  expect(await listSessionIds(segue.url)).toEqual(['from the terminal'])
})

/** The API, and the app if it is built. */
const readyLines = (url: string): RegExp =>
  new RegExp(`^Segue is ready: ${RegExp.escape(url)}/graphql\\n(The app is at ${RegExp.escape(url)}/\\n)?$`)

/** Expects a message without a stack on stderr, nothing on stdout, and the status 1. */
function expectRefusal(
  { code, stdout, stderr }: Awaited<ReturnType<typeof runToFailure>>,
  ...excerpts: string[]
): void {
  expect([code, stdout]).toEqual([1, ''])
  for (const excerpt of excerpts) expect(stderr).toContain(excerpt)
  expect(stderr, 'a stack').not.toMatch(/^\s+at /m)
}

/** Expects the same of a start in this process: the error is formatted without a stack. */
async function expectRefusedInProcess(
  settings: Partial<Settings>,
  type: new (...args: never[]) => Error,
  ...excerpts: string[]
): Promise<void> {
  const error: unknown = await startInProcess(settings).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(type)
  const message = formatStartError(error)
  for (const excerpt of excerpts) expect(message).toEqual(expect.stringContaining(excerpt))
  expect(message, 'a stack').not.toMatch(/^\s+at /m)
}

describe('a start exits with status 1 and an explanation', { timeout: 60_000 }, () => {
  test('for wrong flags, variables and entries of config.json, all in one message', async () => {
    const home = newFolder()
    writeFileSync(join(home, 'config.json'), JSON.stringify({ port: 'many', colour: 'blue', model: 'nobody' }))
    const refused = await runToFailure({
      home,
      argv: ['--prot', '1', '--durable=2', '--host', 'example.com'],
      env: { SEGUE_PORT: '70000' },
    })
    const flags = ['--prot', '--durable', '--host', 'SEGUE_PORT', '70000']
    expectRefusal(refused, ...flags, 'config.json', 'colour', 'many', 'nobody')
  })

  test('for a model without a provider, and lists the available ones', () =>
    expectRefusedInProcess(
      { home: newFolder(), model: 'anthropic/claude', providers: null },
      SettingsError,
      'Segue cannot start with these settings',
      '"anthropic/claude"',
      'offline',
      'ANTHROPIC_API_KEY',
    ))

  test('for a database of a newer Segue, which it does not change', async () => {
    const home = newFolder()
    const path = join(home, 'segue.db')
    const database = TestDatabase.write(home)
    database.exec('CREATE TABLE later (x); PRAGMA user_version = 999')
    database.close()
    const before = readFileSync(path)
    await expectRefusedInProcess({ home }, DatabaseTooNewError, path, '999')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('for a damaged lock file, and says that it can be deleted', async () => {
    const home = newFolder()
    writeFileSync(join(home, 'lock.db'), 'not a database '.repeat(500))
    await expectRefusedInProcess({ home }, UnusableHomeError, home, 'lock.db', 'delete its lock.db')
  })

  test.each<[string, (path: string) => void]>([
    ['is not a database', (path) => writeFileSync(path, 'not a database '.repeat(500))],
    ['is truncated', (path) => writeFileSync(path, createTruncatedDatabase())],
    ['is a folder', (path) => mkdirSync(path)],
  ])('for a segue.db that %s', async (_, createFile) => {
    const home = newFolder()
    const path = join(home, 'segue.db')
    createFile(path)
    await expectRefusedInProcess({ home }, DatabaseUnusableError, path)
  })
})

/** Returns the beginning of a database file. */
function createTruncatedDatabase(): Buffer {
  using database = new TestDatabase(':memory:')
  database.exec('CREATE TABLE sessions (id TEXT PRIMARY KEY, x TEXT); CREATE INDEX i ON sessions (x)')
  database.exec("INSERT INTO sessions SELECT value, hex(randomblob(500)) FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9]')")
  return database.serialize().subarray(0, 4096 + 100)
}
