import Database from 'better-sqlite3'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Settings } from '../../src/config/settings.ts'
import { SettingsError } from '../../src/config/settings-error.ts'
import { formatStartError } from '../../src/cli/format-start-error.ts'
import { HomeInUseError, UnusableHomeError } from '../../src/storage/sqlite/database/home-lock.ts'
import { ask } from '../support/server/graphql-request.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder, startTestSegue } from '../support/server/segue.ts'
import { runToEnd, type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { findUnusedUrl } from '../support/server/small-server.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { type Follower, followOverEventStream, followOverWebSocket } from '../support/clients/follower.ts'
import { DatabaseTooNewError, DatabaseUnusableError } from '../../src/storage/errors.ts'

/** How long the end of the process may take, in milliseconds. */
const endLimit = 2_000

function folder(): string {
  const path = newTempFolder()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

interface Program {
  readonly home: string
  /** Milliseconds between two words of the offline agent. */
  readonly delay?: number
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** What a program is started with so that it finds nothing of this machine's user. */
function given({ home, delay = 40, argv = [], env = {} }: Program) {
  return {
    argv: ['--port', '0', '--home', home, '--offline-delay', `${delay}`, ...argv],
    env: { HOME: home, ...env },
  }
}

const start = (program: Program): Promise<ServerProcess> => startServerProcess(given(program))
const fail = (program: Program) => runToEnd(given(program))

/** The same server in this process, for what an ended one left behind in its home: it starts faster. */
const startHere = (settings: Partial<Settings>) => startTestSegue({ settings })

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

/** Sends a message to a new session, or to the one given, and returns the stream that answers it. */
async function chat(url: string, input: { text?: string; sessionId?: string; model?: string } = {}) {
  const { startChat } = await ask(url, z.object({ startChat: streamSchema }), {
    query: `mutation ($input: StreamChatInput!) { startChat(input: $input) { ${streamFields} } }`,
    variables: { input: { text: 'Who are you? Tell me all about yourself.', ...input } },
  })
  return startChat
}

async function streamOf(url: string, id: string) {
  const { stream } = await ask(url, z.object({ stream: streamSchema }), {
    query: `query ($id: ID!) { stream(id: $id) { ${streamFields} } }`,
    variables: { id },
  })
  return stream
}

async function sessionIds(url: string): Promise<string[]> {
  const { sessions } = await ask(url, listSchema, { query: '{ sessions { edges { node { id } } } }' })
  return sessions.edges.map(({ node }) => node.id)
}

const listSchema = z.object({
  sessions: z.object({ edges: z.array(z.object({ node: z.object({ id: z.string() }) })) }),
})

/** The usual place of a Hermes agent whose user's home this is. */
function usualHermes(home: string): string {
  const path = join(home, '.hermes')
  mkdirSync(path)
  return path
}

/** Ends a process by a signal, and tells with which status and after how many milliseconds it has ended. */
async function endBy(server: ServerProcess, signal: NodeJS.Signals) {
  const begin = performance.now()
  const code = await server.stop(signal)
  return { code, time: performance.now() - begin }
}

/** Nothing that anybody saw is missing in what was saved. */
function expectSaved(saved: Awaited<ReturnType<typeof streamOf>>, followers: readonly Follower[]): void {
  for (const follower of followers) {
    expect(saved.message?.text.startsWith(follower.joinText('TextDelta'))).toBe(true)
    expect(saved.message?.reasoning?.startsWith(follower.joinText('ReasoningDelta'))).toBe(true)
    expect(follower.events.map(({ seq }) => seq)).toEqual(follower.events.map((_, index) => index + 1))
  }
}

describe('a server that is started', () => {
  const home = newTempFolder()
  let server: ServerProcess
  beforeAll(async () => {
    const hermes = new HermesDb(join(usualHermes(home), 'state.db'))
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

  test('answers by the time that it says so', async () => {
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })

  test('has an answer without any configuration', async () => {
    const stream = await chat(server.url, { text: 'Hello' })
    const follower = followOverEventStream(server.url, stream.id)
    await follower.waitForEnd()
    expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
  })

  test('leaves a Hermes alone that is turned off', async () => {
    expect(await sessionIds(server.url)).not.toContain('s')
  })

  test('is not disturbed by others that cannot start: they want its home, or its port', async () => {
    const { id } = await chat(server.url)
    const { port } = new URL(server.url)
    const otherHome = folder()
    await expectRefusedHere({ home }, HomeInUseError, home, '--home')
    expectRefusal(await fail({ home: otherHome, argv: ['--port', port] }), port, '--port')
    // A home is let go of by one that cannot have its port.
    await using _ = await startHere({ home: otherHome })
    const follower = followOverWebSocket(server.url, id)
    await follower.waitForEnd()
    expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })

  test('says one line on stdout, to its end', async () => {
    expect(await server.stop('SIGTERM')).toBe(0)
    expect(server.output.stdout).toBe(`Segue is ready: ${server.url}/graphql\n`)
    expect(server.output.stderr).toContain('Stopping.')
  })
})

test('--help explains itself on stderr, and ends well', async () => {
  const { code, stdout, stderr } = await runToEnd({ argv: ['--help'] })
  expect([code, stdout]).toEqual([0, ''])
  for (const name of ['--port', 'SEGUE_HOME', 'HERMES_HOME', '--model']) expect(stderr).toContain(name)
})

/** A WebSocket whose other side is there and never says another word. */
async function muteSocket(url: string): Promise<void> {
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

describe('an end by', () => {
  // npm passes on the Ctrl-C that the terminal has sent already.
  test.each<[NodeJS.Signals, string, number, readonly NodeJS.Signals[]]>([
    ['SIGTERM', '20 running streams', 20, []],
    ['SIGINT', 'a running stream, however many signals come', 1, ['SIGINT', 'SIGTERM']],
  ])(
    '%s saves %s, tells followers, waits for no mute client, lets go of home and port, and is 0',
    async (signal, _, count, more) => {
      const home = folder()
      await using server = await start({ home, delay: 100 })
      const streams = await Promise.all(Array.from({ length: count }, () => chat(server.url)))
      const told = streams.map(({ id }) => ({
        id,
        followers: [followOverWebSocket(server.url, id), followOverEventStream(server.url, id)],
      }))
      await muteSocket(server.url)
      for (const { followers } of told) for (const follower of followers) await follower.waitForDeltas(3)

      server.process.stderr.once('data', () => {
        for (const another of more) server.process.kill(another)
      })
      const { code, time } = await endBy(server, signal)
      expect(code).toBe(0)
      expect(time).toBeLessThan(endLimit)
      for (const { followers } of told) {
        for (const follower of followers) {
          await follower.closed
          expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'INTERRUPTED' } })
        }
      }

      await using again = await startHere({ home, port: Number(new URL(server.url).port) })
      expect(again.url).toBe(server.url)
      for (const { id, followers } of told) {
        const saved = await streamOf(again.url, id)
        expect(saved).toMatchObject({
          status: 'INTERRUPTED',
          error: { code: 'SERVER_RESTART' },
          message: { status: 'PARTIAL' },
        })
        expectSaved(saved, followers)
        const shown = followers[0]?.events.at(-1)?.message
        expect(saved.message).toMatchObject(shown ?? {})
      }
      const next = await chat(again.url, { sessionId: streams[0]?.session.id ?? '' })
      const follower = followOverWebSocket(again.url, next.id)
      await follower.waitForDeltas(1)
    },
  )
})

describe('a kill', () => {
  test('again and again, at any moment, loses nothing that anybody has seen, and the sessions go on', async () => {
    const home = folder()
    const seen: { id: string; session: { id: string; lastActivityAt: string }; followers: Follower[] }[] = []
    const expectNothingLost = async (url: string): Promise<void> => {
      for (const { id, session, followers } of seen) {
        const saved = await streamOf(url, id)
        expect(saved).toMatchObject({
          status: 'INTERRUPTED',
          error: { code: 'SERVER_RESTART' },
          message: { status: 'PARTIAL' },
        })
        expectSaved(saved, followers)
        // What was repaired is no activity.
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
        seen.push({ id, session, followers })
      }
      await server.stop('SIGKILL')
      for (const { followers } of seen) for (const { closed: over } of followers) await over
    }

    await using again = await startHere({ home })
    await expectNothingLost(again.url)
    for (const { id, session, followers } of seen) {
      // Who comes back gets the rest and the end, nothing twice. Deltas may have been merged into their last by now.
      const late = followOverWebSocket(again.url, id)
      await late.waitForEnd()
      const seqs = late.events.map(({ seq }) => seq)
      expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b))
      const { lastSeq, message } = await streamOf(again.url, id)
      expect([late.joinText('TextDelta'), late.joinText('ReasoningDelta')]).toEqual([message?.text, message?.reasoning])
      expect([seqs[0], seqs.at(-1)]).toEqual([1, lastSeq])
      expect(lastSeq).toBeGreaterThan(followers[0]?.events.at(-1)?.seq ?? 0)

      const next = await chat(again.url, { sessionId: session.id })
      const follower = followOverEventStream(again.url, next.id)
      await follower.waitForEnd()
      expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
      expect(follower.events[0]?.seq).toBe(lastSeq + 1)
    }
  })
})

describe('a server with a provider, for a user who has a Hermes agent', () => {
  const home = newTempFolder()
  let hermes: HermesDb
  let provider: StrictProvider
  let server: ServerProcess
  beforeAll(async () => {
    hermes = new HermesDb(join(usualHermes(home), 'state.db'), 'newest', 'delete')
    hermes.addMessage(hermes.addSession('from the terminal'), 1, { content: 'hello' })
    provider = await StrictProvider.start({ apiKey: 'sk-of-the-environment' })
    const local = {
      type: 'openai-compatible',
      baseURL: provider.baseURL,
      models: ['test'],
      apiKeyEnv: 'LOCAL_KEY',
    }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ model: 'local/test', providers: { local } }))
    server = await start({ home, env: { LOCAL_KEY: 'sk-of-the-environment' } })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await provider.close()
    hermes.close()
    rmSync(home, { recursive: true, force: true })
  })

  test('is answered by the provider that config.json names, with the key out of the environment', async () => {
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
    expect(provider.rejections).toEqual([])
  })

  test('serves the Hermes that is found at its usual place', async () => {
    expect(await sessionIds(server.url)).toContain('from the terminal')
  })

  test('does not hold up the end for silent providers, wherever they stopped, nor for a locked Hermes', async () => {
    const silent = new Promise<never>(() => undefined)
    const asked = provider.requests.length
    const made = []
    for (const [steps, text] of [
      [[], ''],
      [[{ open: true }], ''],
      [[{ text: 'Half of' }], 'Half of'],
    ] as const) {
      provider.enqueue([...steps, { wait: silent }])
      const { id } = await chat(server.url)
      const request = await provider.waitForRequest(asked + made.length)
      const follower = followOverWebSocket(server.url, id)
      await follower.waitForDeltas(text ? 1 : 0)
      made.push({ id, text, request, follower })
    }
    hermes.db.exec('BEGIN EXCLUSIVE')
    const waiting = sessionIds(server.url).catch(() => [])
    // It is answered by the time that the other one waits for the lock.
    await fetch(`${server.url}/health`)
    const { code, time } = await endBy(server, 'SIGTERM')
    expect([code, time < endLimit]).toEqual([0, true])
    hermes.db.exec('ROLLBACK')
    await waiting

    await using again = await startHere({ home })
    for (const { id, text, request, follower } of made) {
      expect(await request.closed).toBe('client')
      await follower.closed
      expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' } })
      const saved = await streamOf(again.url, id)
      expect(saved).toMatchObject({ status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } })
      expect(saved.message?.text ?? '').toBe(text)
    }
    expect(server.output.stdout).toBe(`Segue is ready: ${server.url}/graphql\n`)
    expect(server.output.stdout + server.output.stderr).not.toContain('sk-of')
  })
})

test('a Hermes may have no home yet, and is served once it has one', async () => {
  const home = folder()
  const hermesHome = join(home, 'hermes')
  await using segue = await startHere({ home, hermesHome })
  expect(await sessionIds(segue.url)).toEqual([])
  mkdirSync(hermesHome)
  expect(await sessionIds(segue.url)).toEqual([])
  const hermes = new HermesDb(join(hermesHome, 'state.db'))
  onTestFinished(() => hermes.close())
  hermes.addMessage(hermes.addSession('from the terminal'), 1, { content: 'hello' })
  expect(await sessionIds(segue.url)).toEqual(['from the terminal'])
})

/** One message on stderr that a person understands, and nothing on stdout. */
function expectRefusal({ code, stdout, stderr }: Awaited<ReturnType<typeof fail>>, ...words: string[]): void {
  expect([code, stdout]).toEqual([1, ''])
  for (const word of words) expect(stderr).toContain(word)
  expect(stderr, 'a stack').not.toMatch(/^\s+at /m)
}

/** The same, as the program would tell it: what `startSegue` rejects with, which is one of those told in words. */
async function expectRefusedHere(
  settings: Partial<Settings>,
  type: new (...args: never[]) => Error,
  ...words: string[]
): Promise<void> {
  const error: unknown = await startHere(settings).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(type)
  const told = formatStartError(error)
  for (const word of words) expect(told).toEqual(expect.stringContaining(word))
  expect(told, 'a stack').not.toMatch(/^\s+at /m)
}

describe('a start that cannot succeed ends with 1 and says why, in words', () => {
  test('for wrong flags, variables and entries of config.json, all in one message', async () => {
    const home = folder()
    writeFileSync(join(home, 'config.json'), JSON.stringify({ port: 'many', colour: 'blue', model: 'nobody' }))
    const refused = await fail({
      home,
      argv: ['--prot', '1', '--durable=2', '--host', 'example.com'],
      env: { SEGUE_PORT: '70000', SEGUE_HOST: '0.0.0.0' },
    })
    const flags = ['--prot', '--durable', '--host', 'example.com', 'SEGUE_PORT', '70000', 'SEGUE_HOST', '0.0.0.0']
    expectRefusal(refused, ...flags, 'config.json', 'colour', 'many', 'nobody')
  })

  test('for a model whose provider is not there, and names those that are', () =>
    expectRefusedHere(
      { home: folder(), model: 'anthropic/claude', providers: null },
      SettingsError,
      'Segue cannot start with these settings',
      '"anthropic/claude"',
      'offline',
      'ANTHROPIC_API_KEY',
    ))

  test('for a database of a newer Segue, which stays as it is', async () => {
    const home = folder()
    const path = join(home, 'segue.db')
    const db = new Database(path)
    db.exec('CREATE TABLE later (x); PRAGMA user_version = 999')
    db.close()
    const before = readFileSync(path)
    await expectRefusedHere({ home }, DatabaseTooNewError, path, '999')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('for a lock that is damaged, and tells that it can be removed', async () => {
    const home = folder()
    writeFileSync(join(home, 'lock.db'), 'what was I thinking? '.repeat(500))
    await expectRefusedHere({ home }, UnusableHomeError, home, 'lock.db', 'removed')
  })

  test.each<[string, (path: string) => void]>([
    ['is no database', (path) => writeFileSync(path, 'what was I thinking? '.repeat(500))],
    ['is cut off', (path) => writeFileSync(path, halfADatabase())],
    ['is a folder', (path) => mkdirSync(path)],
  ])('for a segue.db that %s', async (_, spoil) => {
    const home = folder()
    const path = join(home, 'segue.db')
    spoil(path)
    await expectRefusedHere({ home }, DatabaseUnusableError, path)
  })
})

/** The first pages of a database of ours, without the rest. */
function halfADatabase(): Buffer {
  const db = new Database(':memory:')
  db.exec('CREATE TABLE sessions (id TEXT PRIMARY KEY, x TEXT); CREATE INDEX i ON sessions (x)')
  db.exec("INSERT INTO sessions SELECT value, hex(randomblob(500)) FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8, 9]')")
  const bytes = db.serialize()
  db.close()
  return bytes.subarray(0, 4096 + 100)
}
