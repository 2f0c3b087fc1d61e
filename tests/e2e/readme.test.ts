import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { getOperationAST, parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { allSettings } from '../../src/config/setting-definitions.ts'
import { readSettings } from '../../src/config/settings.ts'
import { playgroundTabs } from '../../src/server/playground/tabs.ts'
import { repeatUntil } from '../contract/support/typed-client.ts'
import { readEventStream } from '../contract/support/event-stream.ts'
import { HermesDb } from '../support/hermes/hermes-db.ts'
import { newTempFolder } from '../support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import { waitUntil } from '../support/wait-until.ts'

const root = join(import.meta.dirname, '..', '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

interface Block {
  readonly language: string
  readonly text: string
  /** Nothing stands between it and the block before it. */
  readonly followsBlock: boolean
}

const blocks: readonly Block[] = [...readme.matchAll(/^```(?<language>\w+)\n(?<text>.*?)^```$/gms)].map(
  ({ groups, index }) => ({
    language: groups?.['language'] ?? '',
    text: groups?.['text'] ?? '',
    followsBlock: readme.slice(0, index).trimEnd().endsWith('```'),
  }),
)

const shell = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text.trim())
const operations = blocks.flatMap((block, index) => {
  if (block.language !== 'graphql') return []
  const next = blocks[index + 1]
  return [{ query: block.text, variables: next?.language === 'json' && next.followsBlock ? next.text : '{}' }]
})

const folder = newTempFolder()
const hermesHome = join(folder, 'hermes')
let server: ServerProcess

/** The operation of this name. */
function operationNamed(name: string) {
  return operations.find(({ query }) => nameOf(query) === name)
}

beforeAll(async () => {
  fillHermes()
  mkdirSync(join(folder, 'home'))
  const program = join(root, 'node_modules', '@modelcontextprotocol', 'server-filesystem', 'dist', 'index.js')
  const files = { command: process.execPath, args: [program, '.'] }
  writeFileSync(join(folder, 'home', 'config.json'), JSON.stringify({ mcpServers: { files } }))
  const homes = ['--home', join(folder, 'home'), '--hermes-home', hermesHome]
  // 20 milliseconds between two words: what is stopped would take 3 seconds.
  server = await startServerProcess({
    argv: [...homes, '--port', '0', '--model', 'offline/eliza', '--offline-delay', '20'],
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const node = z.object({ id: z.string(), segmentCount: z.int(), lineageRoot: z.object({ id: z.string() }) })
const sessions = z.object({ sessions: z.object({ edges: z.array(z.object({ node })) }) })

/** What `Sessions` has to show of the sessions that `fillHermes` makes. */
const lineages = [
  { id: '20260214_101500_a1b2c3', segmentCount: 2, lineageRoot: { id: '20260213_090000_d4e5f6' } },
  { id: '20260213_090000_d4e5f6', segmentCount: 1, lineageRoot: { id: '20260213_090000_d4e5f6' } },
]

/** The five things that people do; what is told further down has a test of its own. */
const main = operations.slice(0, 5)

describe('its operations', () => {
  test('begin with those of the tabs in the playground', () => {
    expect(main.map(({ query }) => nameOf(query))).toEqual(playgroundTabs.map(({ query }) => nameOf(query)))
  })

  test('for questions and tools let a person answer', async () => {
    const [waiting, asking, reply, allow] = ['Waiting', 'Asking', 'Answer', 'Allow'].map(operationNamed)
    const started = { query: 'mutation ($text: String!) { startChat(input: {text: $text}) { id } }' }
    await results({ ...started, variables: JSON.stringify({ text: '/ask Which one? | red | blue' }) })
    const [asked] = await results(waiting, ({ clarifications }) => clarifications?.['state'] === 'PENDING')
    expect(asked).toMatchObject({ clarifications: { question: 'Which one?', choices: ['red', 'blue'] } })

    const given = { ...JSON.parse(reply?.variables ?? ''), id: asked?.['clarifications']?.['id'] }
    expect(await results(reply && { ...reply, variables: JSON.stringify(given) })).toMatchObject([
      { answerClarification: { state: 'ANSWERED', answer: given.answer } },
    ])

    const called = '/tool files__write_file {"path": "note.txt", "content": "Hello"}'
    await results({ ...started, variables: JSON.stringify({ text: called }) })
    const [pending] = await results(asking, ({ approvals }) => approvals?.['state'] === 'PENDING')
    expect(pending).toMatchObject({ approvals: { toolCall: { name: 'files__write_file' } } })
    const decided = { ...JSON.parse(allow?.variables ?? ''), id: pending?.['approvals']?.['id'] }
    expect(await results(allow && { ...allow, variables: JSON.stringify(decided) })).toMatchObject([
      { answerApproval: { state: 'ANSWERED', decision: 'ONCE' } },
    ])
    await waitUntil(() => existsSync(join(folder, 'home', 'note.txt')))
  })

  test('for a sidebar list each chat once, tell of a new one, and find what was said', async () => {
    const [sidebar, changes, search] = ['Sidebar', 'Changes', 'Search'].map(operationNamed)
    const garden = { id: 'cnv_20260213_090000_d4e5f6', title: 'Garden', segmentCount: 2 }
    expect(await answer(sidebar)).toMatchObject({
      conversations: { edges: expect.arrayContaining([{ node: expect.objectContaining(garden) }]) },
    })
    const isNew = ({ conversationsChanged: change }: Data) => JSON.stringify(change).includes('A new chat')
    const told = results(changes, isNew)
    const start = { query: 'mutation { startChat(input: {text: "A new chat"}) { id } }', variables: '{}' }
    await repeatUntil(told, () => answer(start))
    expect((await told).at(-1)).toMatchObject({ conversationsChanged: { kind: 'UPSERTED' } })
    expect(await answer(search)).toMatchObject({
      search: {
        edges: [{ node: { snippet: 'What can I plant in November?', session: { conversation: { id: garden.id } } } }],
      },
    })
  })

  test('for jobs make one, run it, and tell what came of it', async () => {
    const [daily, now, runs] = ['Daily', 'RunNow', 'Runs'].map(operationNamed)
    const [made] = await results(daily)
    expect(made).toMatchObject({
      createJob: {
        recurring: true,
        nextRuns: [made?.['createJob']?.['nextRunAt'], ...Array(4).fill(expect.any(String))],
      },
    })
    const id = made?.['createJob']?.['id']
    const [ran] = await results(now && { ...now, variables: JSON.stringify({ ...JSON.parse(now.variables), id }) })
    expect(ran).toMatchObject({ runJob: { alreadyRunning: false, run: { status: 'RUNNING' } } })
    const told = await results(runs, ({ jobRuns }) => jobRuns?.['status'] !== 'RUNNING')
    expect(told.at(-1)).toMatchObject({ jobRuns: { status: 'OK', output: expect.any(String), job: { id } } })
  })

  test('for second tries, forks and long chats make new sessions', async () => {
    const [again, fork, compact] = ['Again', 'Fork', 'Compact'].map(operationNamed)
    const query = `subscription { streamChat(input: {text: "I am sad"}) {
      ... on StreamFinished { stream { session { id } } message { id } }
    } }`
    const told = (await results({ query, variables: '{}' })).at(-1)?.['streamChat']
    const { stream, message } = z
      .object({ stream: z.object({ session: z.object({ id: z.string() }) }), message: z.object({ id: z.string() }) })
      .parse(told)
    const of = (one: typeof again, ids: object) =>
      results(one && { ...one, variables: JSON.stringify({ ...JSON.parse(one.variables), ...ids }) })
    expect(await of(again, { messageId: message.id })).toMatchObject([
      { regenerate: { id: expect.stringMatching(/^str_/) } },
    ])
    expect(await of(fork, { messageId: message.id })).toMatchObject([{ forkSession: { messageCount: 2 } }])
    expect(await of(compact, { id: stream.session.id })).toMatchObject([
      { compactSession: { segmentCount: 2, messages: { edges: [{ node: { role: 'SYSTEM' } }] } } },
    ])
  })

  test('for order put sessions away and delete them, and those for profiles make one', async () => {
    const [work, profiles, tidy, remove] = ['Work', 'Profiles', 'Tidy', 'Delete'].map(operationNamed)
    expect(await answer(work)).toMatchObject({
      createProfile: { name: 'work' },
      startChat: { session: { profile: { name: 'work' } } },
    })
    expect(await answer(profiles)).toMatchObject({
      profiles: [{ name: 'default' }, { name: 'work', models: [{ id: 'offline/eliza' }] }],
    })
    const begun = await answer({ query: 'mutation { createSession(input: {}) { id } }', variables: '{}' })
    const { id } = z.object({ createSession: z.object({ id: z.string() }) }).parse(begun).createSession
    expect(await answer(tidy, { ids: [id] })).toMatchObject({ updateSessions: [{ id, archived: true }] })
    expect(await answer(remove, { id })).toEqual({ deleteSession: id })
  })

  test('do what it says, one after the other', async () => {
    const [list, chat, stop, follow, proceed] = main
    expect(lineagesIn((await results(list))[0])).toEqual(lineages)

    const begun = await results(chat, ({ streamChat }) => streamChat?.['text'] !== undefined)
    const streamId = String(begun[0]?.['streamChat']?.['streamId'])
    expect(streamId).toMatch(/^str_/)

    const [stopped] = await results(named(stop, streamId))
    expect(stopped).toMatchObject({
      cancelStream: { outcome: 'CANCELLED', message: { status: 'PARTIAL', text: expect.stringMatching(/^I /) } },
    })
    const { message, lastSeq } = z
      .object({ message: z.object({ text: z.string() }), lastSeq: z.int() })
      .parse(stopped?.['cancelStream'])

    const { after } = z.object({ after: z.int() }).parse(JSON.parse(follow?.variables ?? ''))
    const followed = (await results(named(follow, streamId))).map(({ followStream }) => followStream)
    const seqs = followed.map((event) => Number(event?.['seq']))
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(new Set(seqs).size).toBe(seqs.length)
    expect(seqs[0]).toBeGreaterThan(after)
    expect(followed.at(-1)).toEqual({
      __typename: 'StreamFinished',
      seq: lastSeq,
      message: { text: message.text },
    })
    expect(followed.map((event) => event?.['text'] ?? '').join('')).toBe(message.text)

    expect(await results(proceed)).toMatchObject([
      { createSession: { title: 'Garden', segmentCount: 3, lineageRoot: { id: '20260213_090000_d4e5f6' } } },
    ])
  })
})

describe('its commands', () => {
  test('are all tried here', () => {
    expect(shell.map((command) => command.split(' ')[0])).toEqual([
      'npm',
      'npm',
      'curl',
      'curl',
      'npm',
      'npm',
      'node_modules/.bin/node',
    ])
  })

  test('of npm are there', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
    const ran = [...readme.matchAll(/\bnpm (?:run )?(?<script>[a-z]+)(?= --|`|$)/gm)].map(
      ({ groups }) => groups?.['script'],
    )
    expect(ran).toEqual(expect.arrayContaining(['start', 'test', 'dev', 'check', 'schema', 'chaos']))
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(ran))
  })

  test('list the sessions, and stream an answer to its end', async () => {
    const [list = '', chat = ''] = shell.filter((command) => command.startsWith('curl'))
    const listed = z.object({ data: sessions }).parse(JSON.parse(await run(list)))
    expect(lineagesIn(listed.data)).toEqual(lineages)

    const events = (await run(chat)).split('\n\n').filter((event) => event.startsWith('event: next'))
    const { data } = z
      .object({ data: z.object({ streamChat: z.object({ streamId: z.string() }) }) })
      .parse(JSON.parse(/^data: (.*)$/m.exec(events.at(-1) ?? '')?.[1] ?? ''))
    expect(events.length).toBeGreaterThan(3)
    const [ended] = await results({
      query: 'query ($id: ID!) { stream(id: $id) { status message { text } } }',
      variables: JSON.stringify({ id: data.streamChat.streamId }),
    })
    expect(ended).toMatchObject({ stream: { status: 'COMPLETED', message: { text: expect.stringMatching(/\w/) } } })
  })

  test('take a conversation out of a home, and into another one', async () => {
    const [out = '', back = ''] = shell.filter((command) => command.startsWith('npm run segue'))
    const begun = await answer({ query: 'mutation { createSession(input: {}) { id } }', variables: '{}' })
    const { id } = z.object({ createSession: z.object({ id: z.string() }) }).parse(begun).createSession
    const file = join(folder, 'garden.json')
    const here = (command: string): string => command.replace('cnv_…', `cnv_${id}`).replace('garden.json', file)
    await run(`${here(out)} --home ${join(folder, 'home')} --no-hermes`)
    await run(`${here(back)} --home ${join(folder, 'elsewhere')}`)
    const again = await run(
      `npm run --silent segue -- export ${id} --output - --home ${join(folder, 'elsewhere')} --no-hermes`,
    )
    expect(again).toBe(readFileSync(file, 'utf8'))
  })

  test('run it under a supervisor, whose signal ends it with status 0', async () => {
    const command = shell.find((text) => text.startsWith('node_modules/')) ?? ''
    const flags = `--port 0 --home ${join(folder, 'other')} --no-hermes`
    const child = spawn('bash', ['-c', `exec ${command} ${flags}`], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [line] = await once(createInterface(child.stdout), 'line')
      const promised = /`(?<line>Segue is ready: .*?)`/.exec(readme)?.groups?.['line']
      expect(String(line).replace(/:\d+/, ':4000')).toBe(promised)
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await ended).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  })
})

test('its table of settings is the one that the program has', () => {
  const code = (text: string | null): string => (text === null ? '' : `\`${text}\``)
  const rows = allSettings.map(({ flag, argument, env, key, default: fallback, description }) => [
    code(flag && [`--${flag}`, argument].filter(Boolean).join(' ')),
    code(env),
    code(key),
    fallback,
    description,
  ])
  const table = [['Flag', 'Environment', 'config.json', 'Default', 'What it is'], Array(5).fill('---'), ...rows]
  const lines = table.map((cells) => `| ${cells.join(' | ')} |`)
  expect(readme.split('\n').filter((line) => line.startsWith('|'))).toEqual(lines)
})

test('its config.json is accepted', () => {
  const example = blocks.find(({ text }) => text.includes('"providers"'))?.text ?? ''
  const home = join(folder, 'configured')
  mkdirSync(home)
  writeFileSync(join(home, 'config.json'), example)
  const settings = readSettings({ argv: ['--home', home], env: {}, homedir: folder })
  const { model, providers } = z
    .object({ model: z.string(), providers: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(example))
  expect(settings.model).toBe(model)
  expect(settings.providers?.map(({ name }) => name)).toEqual(Object.keys(providers))
  expect(settings.warnings).toEqual([])
})

test('its MCP servers are accepted', () => {
  const home = join(folder, 'with-tools')
  mkdirSync(home)
  writeFileSync(join(home, 'config.json'), blocks.find(({ text }) => text.includes('"mcpServers"'))?.text ?? '')
  const env = { HOME: '/home/me', TRACKER_TOKEN: 'token' }
  const { mcpServers, warnings } = readSettings({ argv: ['--home', home], env, homedir: folder })
  expect(mcpServers).toMatchObject([
    { name: 'files', args: ['-y', '@modelcontextprotocol/server-filesystem', '/home/me/notes'] },
    { name: 'tracker', headers: { Authorization: 'Bearer token' } },
  ])
  expect(warnings).toEqual([])
})

test('its rules for approvals are accepted', () => {
  const home = join(folder, 'with-rules')
  mkdirSync(home)
  writeFileSync(join(home, 'config.json'), blocks.find(({ text }) => text.includes('"approvals"'))?.text ?? '')
  const { approvals } = readSettings({ argv: ['--home', home], env: {}, homedir: folder })
  expect(approvals).toEqual({ 'files__*': 'allow', 'files__write_*': 'ask', 'tracker__delete_*': 'deny' })
})

test('its links lead to files that are there', () => {
  const links = [...readme.matchAll(/\]\((?<target>[^)]+)\)/g)].map(({ groups }) => groups?.['target'] ?? '')
  const titles = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title)
  const anchors = new Set(titles.map((title) => `#${title.toLowerCase().replaceAll(' ', '-')}`))
  const isThere = (target: string): boolean =>
    target.startsWith('#') ? anchors.has(target) : existsSync(join(root, target))
  const missing = links.filter((target) => !target.startsWith('https:') && !isThere(target))
  expect(links).toEqual(expect.arrayContaining(['docs/segue.svg', 'schema.graphql', 'PROTOCOL.md']))
  expect(missing).toEqual([])
})

interface Operation {
  readonly query: string
  /** JSON. */
  readonly variables: string
}

type Data = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

const result = z.strictObject({ data: z.record(z.string(), z.record(z.string(), z.unknown())) })

/** What an operation is answered: one result, or those of a subscription, the last one being the first that suffices. */
async function results(
  operation: Operation | undefined,
  suffices: (data: Data) => boolean = () => false,
): Promise<Data[]> {
  if (!operation) throw new Error('the operation is missing')
  const { query, variables } = operation
  const isSubscription = getOperationAST(parse(query))?.operation === 'subscription'
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: isSubscription ? 'text/event-stream' : 'application/json' },
    body: JSON.stringify({ query, variables: JSON.parse(variables) }),
  })
  if (!isSubscription) return [result.parse(await response.json()).data]
  const all: Data[] = []
  for await (const event of readEventStream(response)) {
    if (event.event !== 'next') continue
    const { data } = result.parse(JSON.parse(event.data))
    all.push(data)
    if (suffices(data)) break
  }
  return all
}

/** What a query or a mutation is answered, in whatever form; with these variables instead of its own. */
async function answer(operation: Operation | undefined, variables?: object): Promise<unknown> {
  if (!operation) throw new Error('the operation is missing')
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: operation.query, variables: variables ?? JSON.parse(operation.variables) }),
  })
  return z.strictObject({ data: z.unknown() }).parse(await response.json()).data
}

/** The operation with a real id where the README has a made-up one. */
function named(operation: Operation | undefined, streamId: string): Operation | undefined {
  return operation && { ...operation, variables: operation.variables.replace('str_…', streamId) }
}

async function run(command: string): Promise<string> {
  const here = command.replaceAll('http://127.0.0.1:4000', server.url)
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here], { timeout: 15_000 })
  return stdout
}

/** The sessions of Hermes in an answer: those that other tests began here come and go. */
function lineagesIn(data: unknown): z.infer<typeof node>[] {
  const all = sessions.parse(data).sessions.edges.map((edge) => edge.node)
  return all.filter(({ id }) => !id.startsWith('ses_'))
}

function nameOf(query: string): string | undefined {
  return getOperationAST(parse(query))?.name?.value
}

/** A chat that Hermes continued once, and that may be continued here. */
function fillHermes(): void {
  mkdirSync(hermesHome)
  const hermes = new HermesDb(join(hermesHome, 'state.db'))
  const first = hermes.addSession('20260213_090000_d4e5f6', {
    started_at: 100,
    ended_at: 200,
    end_reason: 'compression',
  })
  const second = hermes.addSession('20260214_101500_a1b2c3', {
    title: 'Garden',
    started_at: 200,
    ended_at: 300,
    end_reason: 'cli_close',
    parent_session_id: first,
  })
  hermes.addMessage(first, 101, { content: 'What can I plant in November?' })
  hermes.addMessage(second, 201, { content: 'And where?' })
  hermes.close()
}
