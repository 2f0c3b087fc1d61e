import Database from 'better-sqlite3'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { UnusableDatabaseError } from '../../src/storage/sqlite/database.ts'
import { ask } from '../support/ask.ts'
import { HermesDb } from '../support/hermes-db.ts'
import { newFolder, newSegue } from '../support/segue.ts'
import { runToEnd, type ServerProcess, startProcess } from '../support/server-process.ts'
import { deadURL } from '../support/small-server.ts'
import { StrictProvider } from '../support/strict-provider.ts'
import { type Follower, followOverEventStream, followOverWebSocket } from './follower.ts'

/** How long the end of the process may take, in milliseconds. */
const endLimit = 2_000

function folder(): string {
  const path = newFolder()
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

const start = (program: Program): Promise<ServerProcess> => startProcess(given(program))
const fail = (program: Program) => runToEnd(given(program))

/** The same server in this process, for what an ended one left behind in its home: it starts faster. */
const startHere = (home: string, port = 0) => newSegue({ settings: { home, port } })

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
  const code = await server.end(signal)
  return { code, time: performance.now() - begin }
}

/** Nothing that anybody saw is missing in what was saved. */
function expectSaved(saved: Awaited<ReturnType<typeof streamOf>>, followers: readonly Follower[]): void {
  for (const follower of followers) {
    expect(saved.message?.text.startsWith(follower.seen('TextDelta'))).toBe(true)
    expect(saved.message?.reasoning?.startsWith(follower.seen('ReasoningDelta'))).toBe(true)
    expect(follower.events.map(({ seq }) => seq)).toEqual(follower.events.map((_, index) => index + 1))
  }
}

describe('a server that is started', () => {
  const home = newFolder()
  let server: ServerProcess
  beforeAll(async () => {
    const hermes = new HermesDb(join(usualHermes(home), 'state.db'))
    hermes.session('s')
    hermes.close()
    const port = new URL(await deadURL()).port
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
    await follower.finished()
    expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
  })

  test('leaves a Hermes alone that is turned off', async () => {
    expect(await sessionIds(server.url)).not.toContain('s')
  })

  test('is not disturbed by others that cannot start: they want its home, or its port', async () => {
    const { id } = await chat(server.url)
    const { port } = new URL(server.url)
    const otherHome = folder()
    const [sameHome, samePort] = await Promise.all([fail({ home }), fail({ home: otherHome, argv: ['--port', port] })])
    expectRefusal(sameHome, home, '--home')
    expectRefusal(samePort, port, '--port')
    // A home is let go of by one that cannot have its port.
    await using _ = await startHere(otherHome)
    const follower = followOverWebSocket(server.url, id)
    await follower.finished()
    expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })

  test('says one line on stdout, to its end', async () => {
    expect(await server.end('SIGTERM')).toBe(0)
    expect(server.output.stdout).toBe(`Segue is ready: ${server.url}/graphql\n`)
    expect(server.output.stderr).toContain('stopping')
  })
})

test('--help explains itself on stderr, and ends well', async () => {
  const { code, stdout, stderr } = await runToEnd({ argv: ['--help'] })
  expect([code, stdout]).toEqual([0, ''])
  for (const name of ['--port', 'SEGUE_HOME', 'HERMES_HOME', '--model']) expect(stderr).toContain(name)
})

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('saves a running stream, tells its followers, lets go of home and port, and ends with 0', async () => {
    const home = folder()
    await using server = await start({ home })
    const { id } = await chat(server.url)
    const followers = [followOverWebSocket(server.url, id), followOverEventStream(server.url, id)]
    for (const follower of followers) await follower.deltas(3)

    const { code, time } = await endBy(server, signal)
    expect(code).toBe(0)
    expect(time).toBeLessThan(endLimit)
    for (const follower of followers) {
      await follower.over
      expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'INTERRUPTED' } })
    }

    await using again = await startHere(home, Number(new URL(server.url).port))
    expect(again.url).toBe(server.url)
    const saved = await streamOf(again.url, id)
    expect(saved).toMatchObject({
      status: 'INTERRUPTED',
      error: { code: 'SERVER_RESTART' },
      message: { status: 'PARTIAL' },
    })
    expectSaved(saved, followers)
    const shown = followers[0]?.events.at(-1)?.message
    expect(saved.message).toMatchObject(shown ?? {})
    const next = await chat(again.url, { sessionId: saved.session.id })
    const follower = followOverWebSocket(again.url, next.id)
    await follower.deltas(1)
  })
})

describe('an end', () => {
  test('saves 20 running streams', async () => {
    const home = folder()
    await using server = await start({ home })
    const streams = await Promise.all(Array.from({ length: 20 }, () => chat(server.url)))
    const followers = streams.map(({ id }) => followOverWebSocket(server.url, id))
    for (const follower of followers) await follower.deltas(2)
    const { code, time } = await endBy(server, 'SIGTERM')
    expect([code, time < endLimit]).toEqual([0, true])
    for (const follower of followers) {
      await follower.over
      expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' } })
    }
    await using again = await startHere(home)
    for (const [index, { id }] of streams.entries()) {
      const saved = await streamOf(again.url, id)
      expect(saved).toMatchObject({ status: 'INTERRUPTED', message: { status: 'PARTIAL' } })
      expectSaved(saved, followers.slice(index, index + 1))
    }
  })

  test('does not wait for providers that are silent, wherever they stopped', async () => {
    const home = folder()
    await using provider = await StrictProvider.start()
    configure(home, provider)
    await using server = await start({ home })
    const silent = new Promise<never>(() => undefined)
    const made = []
    for (const [steps, text] of [
      [[], ''],
      [[{ open: true }], ''],
      [[{ text: 'Half of' }], 'Half of'],
    ] as const) {
      provider.next([...steps, { wait: silent }])
      const { id } = await chat(server.url)
      const request = await provider.request(made.length)
      const follower = followOverWebSocket(server.url, id)
      await follower.deltas(text ? 1 : 0)
      made.push({ id, text, request, follower })
    }
    const { code, time } = await endBy(server, 'SIGTERM')
    expect([code, time < endLimit]).toEqual([0, true])
    await using again = await startHere(home)
    for (const { id, text, request, follower } of made) {
      expect(await request.closed).toBe('client')
      await follower.over
      expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' } })
      const saved = await streamOf(again.url, id)
      expect(saved).toMatchObject({ status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } })
      expect(saved.message?.text ?? '').toBe(text)
    }
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

  test('is one end, however many signals come, and does not wait for a client that says no goodbye', async () => {
    const home = folder()
    await using server = await start({ home })
    const { id } = await chat(server.url)
    await muteSocket(server.url)
    const begin = performance.now()
    const exited = once(server.process, 'exit')
    server.process.kill('SIGINT')
    // npm passes on the Ctrl-C that the terminal has sent already.
    server.process.stderr.once('data', () => {
      server.process.kill('SIGINT')
      server.process.kill('SIGTERM')
    })
    expect(await exited).toEqual([0, null])
    expect(performance.now() - begin).toBeLessThan(endLimit)
    await using again = await startHere(home)
    expect(await streamOf(again.url, id)).toMatchObject({ status: 'INTERRUPTED' })
  })
})

describe('a kill', () => {
  test('loses nothing that anybody has seen, and the session goes on', async () => {
    const home = folder()
    await using server = await start({ home, delay: 5 })
    const { id, session } = await chat(server.url)
    const followers = [followOverWebSocket(server.url, id), followOverEventStream(server.url, id)]
    for (const follower of followers) await follower.deltas(10)
    await server.end('SIGKILL')
    for (const follower of followers) await follower.over

    await using again = await startHere(home)
    const saved = await streamOf(again.url, id)
    expect(saved).toMatchObject({
      status: 'INTERRUPTED',
      error: { code: 'SERVER_RESTART' },
      message: { status: 'PARTIAL' },
    })
    expectSaved(saved, followers)
    // What was repaired is no activity.
    expect(saved.session.lastActivityAt).toBe(session.lastActivityAt)
    expect(saved.lastSeq).toBe(saved.session.headSeq)

    // Who comes back with its cursor gets the rest and the end, nothing twice.
    const late = followOverWebSocket(again.url, id)
    await late.finished()
    const [seen] = followers
    expect(late.events.slice(0, seen?.events.length).map(({ seq }) => seq)).toEqual(seen?.events.map(({ seq }) => seq))

    const next = await chat(again.url, { sessionId: session.id })
    const follower = followOverEventStream(again.url, next.id)
    await follower.finished()
    expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
    expect(follower.events[0]?.seq).toBe(saved.lastSeq + 1)
  })

  test('again and again, at any moment, leaves nothing running', async () => {
    const home = folder()
    const seen: { id: string; follower: Follower }[] = []
    for (let round = 0; round < 3; round++) {
      await using server = await start({ home, delay: 2 })
      for (const { id, follower } of seen) {
        const saved = await streamOf(server.url, id)
        expect(saved.status).toBe('INTERRUPTED')
        expectSaved(saved, [follower])
      }
      const { id } = await chat(server.url)
      const follower = followOverWebSocket(server.url, id)
      await follower.deltas(1 + round * 5)
      await server.end('SIGKILL')
      await follower.over
      seen.push({ id, follower })
    }
  })
})

/** A config.json with one provider, which has the model `test`. */
function configure(home: string, provider: StrictProvider, more: object = {}): void {
  const local = { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'], ...more }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ model: 'local/test', providers: { local } }))
}

describe('config.json', () => {
  test('names a provider that answers, and gets the key out of the environment', async () => {
    const home = folder()
    await using provider = await StrictProvider.start({ apiKey: 'sk-of-the-environment' })
    configure(home, provider, { apiKeyEnv: 'LOCAL_KEY' })
    await using server = await start({ home, env: { LOCAL_KEY: 'sk-of-the-environment' } })
    const { id } = await chat(server.url, { text: 'Hello?' })
    const follower = followOverWebSocket(server.url, id)
    const { headers, body } = await provider.request(0)
    expect(headers.authorization).toBe('Bearer sk-of-the-environment')
    expect(body.messages.at(-1)).toMatchObject({ role: 'user' })
    await follower.finished()
    expect(follower.events.at(-1)).toMatchObject({
      stream: { status: 'COMPLETED' },
      message: { text: 'Hello from the strict provider.' },
    })
    expect(provider.refusals).toEqual([])
    expect(server.output.stdout + server.output.stderr).not.toContain('sk-of')
  })
})

describe('Hermes', () => {
  test('may have no home yet, and is served once it has one', async () => {
    const home = folder()
    const hermesHome = join(home, 'hermes')
    await using server = await start({ home, env: { HERMES_HOME: hermesHome } })
    expect(await sessionIds(server.url)).toEqual([])
    mkdirSync(hermesHome)
    expect(await sessionIds(server.url)).toEqual([])
    const hermes = new HermesDb(join(hermesHome, 'state.db'))
    onTestFinished(() => hermes.close())
    hermes.message(hermes.session('from the terminal'), 1, { content: 'hello' })
    expect(await sessionIds(server.url)).toEqual(['from the terminal'])
    expect(await server.end('SIGTERM')).toBe(0)
    expect(server.output.stdout).toBe(`Segue is ready: ${server.url}/graphql\n`)
  })

  test('is found at its usual place, and does not hold up the end while its file is locked', async () => {
    const home = folder()
    const hermes = new HermesDb(join(usualHermes(home), 'state.db'), 'newest', 'delete')
    onTestFinished(() => hermes.close())
    hermes.session('s')
    await using server = await start({ home })
    expect(await sessionIds(server.url)).toEqual(['s'])
    hermes.db.exec('BEGIN EXCLUSIVE')
    const waiting = sessionIds(server.url).catch(() => [])
    // It is answered by the time that the other one waits for the lock.
    await fetch(`${server.url}/health`)
    const { code, time } = await endBy(server, 'SIGTERM')
    expect([code, time < endLimit]).toEqual([0, true])
    hermes.db.exec('ROLLBACK')
    await waiting
  })
})

/** One message on stderr that a person understands, and nothing on stdout. */
function expectRefusal({ code, stdout, stderr }: Awaited<ReturnType<typeof fail>>, ...words: string[]): void {
  expect([code, stdout]).toEqual([1, ''])
  for (const word of words) expect(stderr).toContain(word)
  expect(stderr, 'a stack').not.toMatch(/^\s+at /m)
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

  test('for a model whose provider is not there, and names those that are', async () => {
    const refused = await fail({ home: folder(), argv: ['--model', 'anthropic/claude'] })
    expectRefusal(
      refused,
      'Segue cannot start with these settings',
      '"anthropic/claude"',
      'offline',
      'ANTHROPIC_API_KEY',
    )
  })

  test('for a database of a newer Segue, which stays as it is', async () => {
    const home = folder()
    const path = join(home, 'segue.db')
    const db = new Database(path)
    db.exec('CREATE TABLE later (x); PRAGMA user_version = 999')
    db.close()
    const before = readFileSync(path)
    expectRefusal(await fail({ home }), path, '999')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('for a lock that is damaged, and tells that it can be removed', async () => {
    const home = folder()
    writeFileSync(join(home, 'lock.db'), 'what was I thinking? '.repeat(500))
    expectRefusal(await fail({ home }), home, 'lock.db', 'removed')
  })

  test.each<[string, (path: string) => void]>([
    ['is no database', (path) => writeFileSync(path, 'what was I thinking? '.repeat(500))],
    ['is cut off', (path) => writeFileSync(path, halfADatabase())],
    ['is a folder', (path) => mkdirSync(path)],
  ])('for a segue.db that %s', async (_, spoil) => {
    const home = folder()
    const path = join(home, 'segue.db')
    spoil(path)
    const started = startHere(home)
    await expect(started).rejects.toThrow(UnusableDatabaseError)
    await expect(started).rejects.toThrow(path)
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
