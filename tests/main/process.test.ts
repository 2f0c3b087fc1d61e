import Database from 'better-sqlite3'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ask } from '../support/ask.ts'
import { HermesDb } from '../support/hermes-db.ts'
import { newFolder } from '../support/segue.ts'
import { runToEnd, type ServerProcess, startProcess } from '../support/server-process.ts'
import { smallServer } from '../support/small-server.ts'
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

describe('a start', () => {
  test('says one line on stdout, and answers by then', async () => {
    const home = folder()
    await using server = await start({ home })
    const health = await fetch(`${server.url}/health`)
    expect(health.status).toBe(200)
    expect(new URL(server.url)).toMatchObject({ hostname: '127.0.0.1', port: expect.stringMatching(/^[1-9]\d+$/) })
    const stream = await chat(server.url)
    await ask(server.url, z.unknown(), { query: `mutation { cancelStream(streamId: "${stream.id}") { outcome } }` })
    expect(await server.end('SIGTERM')).toBe(0)
    expect(server.output.stdout).toBe(`Segue is ready: ${server.url}/graphql\n`)
    expect(server.output.stderr).toContain('stopping')
  })

  test('takes the port that it is told', async () => {
    const { url } = await smallServer(() => undefined).then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })
    const { port } = new URL(url)
    await using server = await start({ home: folder(), argv: ['--port', port] })
    expect(server.output.stdout).toBe(`Segue is ready: http://127.0.0.1:${port}/graphql\n`)
  })

  test('offers an answer without any configuration', async () => {
    await using server = await start({ home: folder(), delay: 0 })
    const stream = await chat(server.url)
    const follower = followOverEventStream(server.url, stream.id)
    await follower.finished()
    expect(follower.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
  })

  test('--help explains itself on stderr, and ends well', async () => {
    const { code, stdout, stderr } = await runToEnd({ argv: ['--help'] })
    expect([code, stdout]).toEqual([0, ''])
    for (const name of ['--port', 'SEGUE_HOME', 'HERMES_HOME', '--model']) expect(stderr).toContain(name)
  })
})

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('saves a running stream, tells its followers, and ends with 0', async () => {
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

    await using again = await start({ home, delay: 0 })
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
    await using again = await start({ home })
    for (const [index, { id }] of streams.entries()) {
      const saved = await streamOf(again.url, id)
      expect(saved).toMatchObject({ status: 'INTERRUPTED', message: { status: 'PARTIAL' } })
      expectSaved(saved, followers.slice(index, index + 1))
    }
  })

  const silent = new Promise<never>(() => undefined)

  test.each([
    ['before it answers', [{ wait: silent }], ''],
    ['after its headers', [{ open: true }, { wait: silent }], ''],
    ['in the middle', [{ text: 'Half of' }, { wait: silent }], 'Half of'],
  ] as const)('does not wait for a provider that is silent %s', async (_, script, text) => {
    const home = folder()
    await using provider = await StrictProvider.start()
    provider.next(script)
    configure(home, provider)
    await using server = await start({ home })
    const { id } = await chat(server.url)
    const request = await provider.request(0)
    const follower = followOverWebSocket(server.url, id)
    await follower.deltas(text ? 1 : 0)
    const { code, time } = await endBy(server, 'SIGTERM')
    expect([code, time < endLimit]).toEqual([0, true])
    expect(await request.closed).toBe('client')
    await follower.over
    expect(follower.events.at(-1)).toMatchObject({ stream: { status: 'INTERRUPTED' } })
    await using again = await start({ home })
    const saved = await streamOf(again.url, id)
    expect(saved).toMatchObject({ status: 'INTERRUPTED', error: { code: 'SERVER_RESTART' } })
    expect(saved.message?.text ?? '').toBe(text)
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

  test('does not wait for a client that does not say goodbye', async () => {
    await using server = await start({ home: folder() })
    await muteSocket(server.url)
    const { code, time } = await endBy(server, 'SIGTERM')
    expect([code, time < endLimit]).toEqual([0, true])
  })

  test('is one end, however many signals come: npm passes on the Ctrl-C that the terminal has sent already', async () => {
    const home = folder()
    await using server = await start({ home })
    const { id } = await chat(server.url)
    await muteSocket(server.url)
    const exited = once(server.process, 'exit')
    server.process.kill('SIGINT')
    server.process.stderr.once('data', () => {
      server.process.kill('SIGINT')
      server.process.kill('SIGTERM')
    })
    expect(await exited).toEqual([0, null])
    await using again = await start({ home })
    expect(await streamOf(again.url, id)).toMatchObject({ status: 'INTERRUPTED' })
  })

  test('lets go of the home and the port', async () => {
    const home = folder()
    await using server = await start({ home })
    expect(await server.end('SIGTERM')).toBe(0)
    await using again = await start({ home, argv: ['--port', new URL(server.url).port] })
    expect(again.url).toBe(server.url)
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

    await using again = await start({ home, delay: 0 })
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
  const listed = z.object({ sessions: z.object({ edges: z.array(z.object({ node: z.object({ id: z.string() }) })) }) })
  const ids = async (url: string): Promise<string[]> => {
    const { sessions } = await ask(url, listed, { query: '{ sessions { edges { node { id } } } }' })
    return sessions.edges.map(({ node }) => node.id)
  }

  test('may have no home yet, and is served once it has one', async () => {
    const home = folder()
    const hermesHome = join(home, 'hermes')
    await using server = await start({ home, env: { HERMES_HOME: hermesHome } })
    expect(await ids(server.url)).toEqual([])
    mkdirSync(hermesHome)
    expect(await ids(server.url)).toEqual([])
    const hermes = new HermesDb(join(hermesHome, 'state.db'))
    onTestFinished(() => hermes.close())
    hermes.message(hermes.session('from the terminal'), 1, { content: 'hello' })
    expect(await ids(server.url)).toEqual(['from the terminal'])
    expect(await server.end('SIGTERM')).toBe(0)
    expect(server.output.stdout).toBe(`Segue is ready: ${server.url}/graphql\n`)
  })

  test('is found at its usual place, and left alone when it is turned off', async () => {
    const home = folder()
    mkdirSync(join(home, '.hermes'))
    const hermes = new HermesDb(join(home, '.hermes', 'state.db'))
    onTestFinished(() => hermes.close())
    hermes.session('s')
    await using server = await start({ home })
    expect(await ids(server.url)).toEqual(['s'])
    await server.end('SIGTERM')
    await using without = await start({ home, argv: ['--no-hermes'] })
    expect(await ids(without.url)).toEqual([])
  })

  test('does not hold up the end while its file is locked', async () => {
    const home = folder()
    const hermes = new HermesDb(join(home, 'state.db'), 'newest', 'delete')
    onTestFinished(() => hermes.close())
    hermes.session('s')
    await using server = await start({ home, env: { HERMES_HOME: home } })
    expect(await ids(server.url)).toEqual(['s'])
    hermes.db.exec('BEGIN EXCLUSIVE')
    const waiting = ids(server.url).catch(() => [])
    // It is answered by the time that the other one waits for the lock.
    await fetch(`${server.url}/health`)
    const { code, time } = await endBy(server, 'SIGTERM')
    expect([code, time < endLimit]).toEqual([0, true])
    hermes.db.exec('ROLLBACK')
    await waiting
  })
})

describe('a start that cannot succeed ends with 1 and says why, in words', () => {
  /** One message on stderr that a person understands, and nothing on stdout. */
  function expectRefusal({ code, stdout, stderr }: Awaited<ReturnType<typeof fail>>, ...words: string[]): void {
    expect([code, stdout]).toEqual([1, ''])
    for (const word of words) expect(stderr).toContain(word)
    expect(stderr, 'a stack').not.toMatch(/^\s+at /m)
  }

  test('for a port in use', async () => {
    await using other = await smallServer(() => undefined)
    const { port } = new URL(other.url)
    const home = folder()
    expectRefusal(await fail({ home, argv: ['--port', port] }), port, '--port')
    // The home is free again.
    await using server = await start({ home })
    expect(server.url).not.toBe(other.url)
  })

  test('for a home that another server holds, which goes on undisturbed', async () => {
    const home = folder()
    await using server = await start({ home })
    const { id } = await chat(server.url)
    expectRefusal(await fail({ home }), home, '--home')
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect(await streamOf(server.url, id)).toMatchObject({ status: 'RUNNING' })
  })

  test('for wrong flags, variables and entries of config.json, all in one message', async () => {
    const home = folder()
    writeFileSync(join(home, 'config.json'), JSON.stringify({ port: 'many', colour: 'blue', model: 'nobody' }))
    const refused = await fail({
      home,
      argv: ['--prot', '1', '--durable=2'],
      env: { SEGUE_PORT: '70000', SEGUE_HOST: '0.0.0.0' },
    })
    expectRefusal(
      refused,
      '--prot',
      '--durable',
      'SEGUE_PORT',
      '70000',
      'SEGUE_HOST',
      'config.json',
      'colour',
      'many',
      'nobody',
    )
  })

  test.each(['0.0.0.0', 'example.com'])('for the host %s, which is not this machine alone', async (host) => {
    expectRefusal(await fail({ home: folder(), argv: ['--host', host] }), '--host', host)
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

  test.each<[string, (path: string) => void]>([
    ['is no database', (path) => writeFileSync(path, 'what was I thinking? '.repeat(500))],
    ['is cut off', (path) => writeFileSync(path, halfADatabase())],
    ['is a folder', (path) => mkdirSync(path)],
  ])('for a segue.db that %s', async (_, spoil) => {
    const home = folder()
    const path = join(home, 'segue.db')
    spoil(path)
    expectRefusal(await fail({ home }), path)
  })

  test('for a home that is a file', async () => {
    const home = join(folder(), 'file')
    writeFileSync(home, '')
    expectRefusal(await fail({ home }), home)
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
