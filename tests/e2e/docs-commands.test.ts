import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DocsServer, hermesLineage, selectHermesSessions } from '../support/docs/docs-server.ts'
import { documentationPages, listCommands, readPage, repositoryRoot } from '../support/docs/markdown.ts'

let docs: DocsServer

beforeAll(async () => {
  docs = await DocsServer.start()
})

afterAll(() => docs[Symbol.asyncDispose]())

/** The documented command that begins with `prefix`; of several the one with this index. */
function commandOf(page: string, prefix: string, index = 0): string {
  const command = listCommands(page).filter((text) => text.startsWith(prefix))[index]
  if (command === undefined) throw new Error(`${page} has no command that begins with ${prefix}`)
  executed.add(command)
  return command
}

const executed = new Set<string>()

async function run(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], {
    cwd: repositoryRoot,
    timeout: 60_000, // milliseconds
  })
  return stdout
}

const onThisServer = (command: string): string => command.replaceAll('http://127.0.0.1:4000', docs.url)

/** Starts a server by a shell command, waits for its first line that is a URL, and ends it with SIGTERM. */
async function startAndStop(command: string): Promise<{ line: string; exit: unknown }> {
  const child = spawn('bash', ['-c', `exec ${command}`], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  try {
    let line = ''
    for await (line of createInterface(child.stdout)) if (line.includes('http://')) break
    const exited = once(child, 'exit')
    process.kill(-(child.pid ?? 0), 'SIGTERM')
    return { line, exit: await exited }
  } finally {
    child.kill('SIGKILL')
  }
}

describe('README', () => {
  const promisedLine = /`(?<line>Segue is ready: .*?)`/.exec(readPage('README.md'))?.groups?.['line']

  test('starts the server with npm start, which prints the documented line', async () => {
    const flags = `--port 0 --home ${join(docs.folder, 'started')} --no-hermes`
    const { line } = await startAndStop(`${commandOf('README.md', 'npm start')} -- ${flags}`)
    expect(line.replace(/:\d+/, ':4000')).toBe(promisedLine)
    // Milliseconds. The first start builds the web app.
  }, 180_000)

  test('runs the tests with npm test', async () => {
    const output = await run(`${commandOf('README.md', 'npm test')} -- tests/layout.test.ts`)
    expect(output).toMatch(/passed/)
  })

  test('lists the sessions with curl', async () => {
    const { data } = z
      .object({ data: z.unknown() })
      .parse(JSON.parse(await run(onThisServer(commandOf('README.md', 'curl')))))
    expect(selectHermesSessions(data)).toEqual(hermesLineage)
  })

  test('streams an answer to its end with curl', async () => {
    const output = await run(onThisServer(commandOf('README.md', 'curl', 1)))
    const events = output.split('\n\n').filter((event) => event.startsWith('event: next'))
    const { data } = z
      .object({ data: z.object({ streamChat: z.object({ streamId: z.string() }) }) })
      .parse(JSON.parse(/^data: (.*)$/m.exec(events.at(-1) ?? '')?.[1] ?? ''))
    expect(events.length).toBeGreaterThan(3)
    const query = 'query ($id: ID!) { stream(id: $id) { status message { text } } }'
    const [ended] = await docs.request(query, { id: data.streamChat.streamId })
    expect(ended).toMatchObject({ stream: { status: 'COMPLETED', message: { text: expect.stringMatching(/\w/) } } })
  })

  test('says on the page on operation how to run it under a supervisor, whose SIGTERM ends it with status 0', async () => {
    const flags = `--port 0 --home ${join(docs.folder, 'supervised')} --no-hermes`
    const { line, exit } = await startAndStop(`${commandOf('docs/operation.md', 'node_modules/')} ${flags}`)
    expect(line.replace(/:\d+/, ':4000')).toBe(promisedLine)
    expect(exit).toEqual([0, null])
  })
})

test('the page on export takes a conversation out of a home and into another one', async () => {
  const [created] = await docs.request('mutation { createSession(input: {}) { id } }')
  const { id } = z.object({ createSession: z.object({ id: z.string() }) }).parse(created).createSession
  const file = join(docs.folder, 'garden.json')
  const withFile = (command: string): string => command.replace('cnv_…', `cnv_${id}`).replace('garden.json', file)
  const [home, otherHome] = [join(docs.folder, 'home'), join(docs.folder, 'elsewhere')]
  await run(`${withFile(commandOf('docs/export.md', 'npm run segue -- export'))} --home ${home} --no-hermes`)
  await run(`${withFile(commandOf('docs/export.md', 'npm run segue -- import'))} --home ${otherHome}`)
  const again = await run(`npm run --silent segue -- export ${id} --output - --home ${otherHome} --no-hermes`)
  expect(again).toBe(readFileSync(file, 'utf8'))
})

test('the page on backups backs a home up while its server runs, and restores it', async () => {
  const [file, home] = [join(docs.folder, 'segue-backup.tar'), join(docs.folder, 'restored')]
  const backUp = commandOf('docs/backup.md', 'npm run segue -- backup').replace('segue-backup.tar', file)
  await run(`${backUp} --home ${join(docs.folder, 'home')}`)
  const restore = commandOf('docs/backup.md', 'npm run segue -- restore').replace('segue-backup.tar', file)
  await run(restore.replace('~/.segue-restored', home))
  expect(readdirSync(home)).toContain('segue.db')
})

test('the page on doctor checks a home, and repairs it', async () => {
  const paths = `--home ${join(docs.folder, 'home')} --no-hermes`
  // A problem, such as the permissions of a new home, makes the exit status 1.
  const runDoctor = (command: string) => run(`${command} ${paths} || test $? -eq 1`)
  expect(await runDoctor(commandOf('docs/doctor.md', 'npm run segue -- doctor'))).toContain('messages of default')
  expect(await runDoctor(commandOf('docs/doctor.md', 'npm run segue -- doctor --fix'))).toContain(
    'ok       permissions',
  )
  const salvage = commandOf('docs/doctor.md', 'npm run segue -- doctor --salvage')
  await runDoctor(salvage.replace('segue-salvaged', join(docs.folder, 'salvaged')))
})

test('the page on operation starts a server that sends traces', async () => {
  const flags = `--port 0 --home ${join(docs.folder, 'traced')} --no-hermes`
  const command = commandOf('docs/operation.md', 'OTEL_EXPORTER_OTLP_ENDPOINT')
  const { line } = await startAndStop(`env ${command} -- ${flags}`)
  expect(line).toContain('Segue is ready')
})

test('the page on limits asks for the cost of a query with curl', async () => {
  const output = await run(onThisServer(commandOf('docs/limits.md', 'curl')))
  expect(JSON.parse(output)).toMatchObject({ extensions: { cost: expect.any(Number) } })
})

test('the page on tokens creates a token, and prints its entry for config.json', async () => {
  const output = await run(commandOf('docs/tokens.md', 'npm run segue -- token'))
  expect(output).toContain('"sha256"')
})

test('the page on files uploads a file with curl', async () => {
  const output = await run(onThisServer(commandOf('docs/files.md', 'curl')))
  expect(JSON.parse(output)).toMatchObject({ url: expect.stringMatching(/^\/files\/upl_/), name: 'notes.md' })
})

test('the page on clients sends a mutation again with curl, and it happens once', async () => {
  const command = onThisServer(commandOf('docs/clients.md', 'curl'))
  const first = await run(command)
  expect(JSON.parse(first)).toMatchObject({ data: { createSession: { title: 'Header' } } })
  expect(await run(command)).toBe(first)
})

const npmCommands: ReadonlySet<string> = new Set(['ci', 'install', 'pack'])

test('every npm script that the documentation names exists', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readPage('package.json')))
  const named = documentationPages.flatMap((page) =>
    [...readPage(page).matchAll(/\bnpm (?:run )?(?:--silent )?(?<script>[a-z]+)(?= --|`|$)/gm)].map(
      ({ groups }) => groups?.['script'] ?? '',
    ),
  )
  expect(named).toEqual(expect.arrayContaining(['start', 'test', 'dev', 'check', 'schema', 'codegen', 'chaos']))
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named.filter((name) => !npmCommands.has(name))))
})

test('every command in README and docs ran in one of these tests', () => {
  // Those of docs/scale.md need PostgreSQL: see tests/postgres/docs.
  const pages = documentationPages.filter((page) => page !== 'docs/scale.md')
  expect(pages.flatMap(listCommands).toSorted()).toEqual([...executed].toSorted())
})
