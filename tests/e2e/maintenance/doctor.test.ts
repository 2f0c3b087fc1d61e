import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { newTempFolder, startTestSegue } from '../../support/server/segue.ts'
import { runToEnd } from '../../support/server/server-process.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'
import { waitLimitMs } from '../../support/vitest-limits.ts'

const timeout = 60_000

const reportSchema = z.object({
  healthy: z.boolean(),
  checks: z.array(z.object({ check: z.string(), profile: z.string().nullable(), healthy: z.boolean() })),
  findings: z.array(z.object({ check: z.string(), problem: z.string(), remedy: z.string(), fixable: z.boolean() })),
  fixes: z.object({ done: z.array(z.string()), notes: z.array(z.string()) }).nullable(),
  salvaged: z
    .record(z.string(), z.object({ files: z.array(z.string()), lost: z.array(z.object({ sessionId: z.string() })) }))
    .nullable(),
})

/** Runs `segue doctor --json` in a process of its own. */
async function runDoctor(home: string, ...flags: string[]) {
  const { code, stdout, stderr } = await runToEnd({
    argv: ['doctor', '--json', '--home', home, '--no-hermes', ...flags],
  })
  expect(stderr).toBe('')
  const report = reportSchema.parse(JSON.parse(stdout))
  expect(code).toBe(report.healthy ? 0 : 1)
  expect(report.healthy).toBe(report.findings.length === 0)
  return report
}

/** A home with a few chats, one of them with a file, as a server leaves it. */
let soundHome = ''
const texts = Array.from({ length: 6 }, (_, index) => `Question ${index}. ${'All work and no play. '.repeat(150)}`)

beforeAll(async () => {
  soundHome = newTempFolder()
  await using segue = await startTestSegue({ settings: { home: soundHome } })
  await using client = new ChatClient(segue.url)
  for (const [index, text] of texts.entries()) {
    const files = index === 0 ? [{ mediaType: 'text/plain', url: 'data:text/plain;base64,V2hhdCBJIHdyb3Rl' }] : []
    const { id } = await client.start({ text, files })
    for await (const event of client.followStream(id)) if (event.type === 'StreamFinished') break
  }
})

afterAll(() => rmSync(soundHome, { recursive: true }))

function copyHome(): string {
  const home = newTempFolder()
  cpSync(soundHome, home, { recursive: true })
  execFileSync('chmod', ['-R', 'go=', home])
  return home
}

/** Overwrites a page of a table. */
function overwritePage(home: string, table: string): number {
  const path = join(home, 'segue.db')
  let page = 0
  {
    using database = TestDatabase.write(home)
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const leaf = "SELECT max(pageno) FROM dbstat WHERE name = ? AND pagetype = 'leaf'"
    page = Number(database.value(leaf, table))
  }
  const bytes = readFileSync(path)
  const size = bytes.readUInt16BE(16)
  bytes.fill(0xaa, (page - 1) * size, page * size)
  writeFileSync(path, bytes)
  return page
}

test('a sound home is healthy, whether its server runs or not, and nothing in it is changed', { timeout }, async () => {
  const home = copyHome()
  const before = readdirSync(home, { recursive: true }).length
  const report = await runDoctor(home)
  expect(report).toMatchObject({ healthy: true, findings: [], fixes: null })
  const names = new Set(report.checks.map(({ check }) => check))
  expect([...names]).toEqual('home permissions config database messages indexes blobs providers mcpServers'.split(' '))
  expect(readdirSync(home, { recursive: true }).length - before).toBeLessThanOrEqual(2) // side files of SQLite

  await using _ = await startTestSegue({ settings: { home } })
  execFileSync('chmod', ['-R', 'go=', home])
  expect(await runDoctor(home)).toMatchObject({ findings: [] })
  const text = await runToEnd({ argv: ['doctor', '--home', home, '--no-hermes'] })
  expect(text.code).toBe(0)
  expect(text.stdout).toMatch(/^ok {7}home: .*\n[^]*\nok {7}messages of default\n[^]*\n\nEverything is healthy\.\n$/)
})

test('modes that let others read are named, and --fix sets them, also while a server runs', { timeout }, async () => {
  const home = copyHome()
  chmodSync(join(home, 'segue.db'), 0o644)
  chmodSync(join(home, 'files'), 0o755)
  await using _ = await startTestSegue({ settings: { home } })
  const { findings } = await runDoctor(home)
  expect(findings[0]).toMatchObject({ check: 'permissions', remedy: `Run chmod -R go= ${home}.`, fixable: true })
  expect(findings[0]?.problem).toContain(join(home, 'segue.db'))
  expect((await runDoctor(home, '--fix')).healthy).toBe(true)
  expect(statSync(join(home, 'segue.db')).mode & 0o777).toBe(0o600)
  expect(statSync(join(home, 'files')).mode & 0o777).toBe(0o700)
})

test('a broken config.json is named with its line, and everything else is checked', { timeout }, async () => {
  const home = copyHome()
  writeFileSync(join(home, 'config.json'), '{\n  "model": \n}', { mode: 0o600 })
  const { findings, checks } = await runDoctor(home)
  expect(findings).toEqual([
    {
      check: 'config',
      problem: `${join(home, 'config.json')}: line 3, column 1: Invalid JSON.`,
      remedy: 'Correct it: the server does not start with it.',
      fixable: false,
    },
  ])
  expect(checks.filter(({ healthy }) => healthy).map(({ check }) => check)).toContain('messages')
})

test('a provider and an MCP server that do not answer are named, and secrets are not', { timeout }, async () => {
  const home = copyHome()
  const config = {
    providers: { local: { type: 'openai-compatible', baseURL: 'http://127.0.0.1:9/v1', apiKey: 'sk-planted-secret' } },
    mcpServers: { broken: { command: process.execPath, args: ['-e', 'process.exit(3)', 'planted-secret'] } },
  }
  writeFileSync(join(home, 'config.json'), JSON.stringify(config), { mode: 0o600 })
  const report = await runDoctor(home)
  const problems = report.findings.map(({ problem }) => problem)
  expect(problems).toContain('The provider local is not reachable.')
  expect(problems).toContain('The MCP server broken does not answer.')
  expect(JSON.stringify(report)).not.toContain('sk-planted-secret')
})

test('a file that is missing, one that was changed and one that nothing uses are named', { timeout }, async () => {
  const home = copyHome()
  const [hash = ''] = readdirSync(join(home, 'files'))
  rmSync(join(home, 'files', hash))
  for (const name of ['a'.repeat(64), 'old.part']) {
    writeFileSync(join(home, 'files', name), 'x', { mode: 0o600 })
    utimesSync(join(home, 'files', name), 0, 0)
  }
  const { findings } = await runDoctor(home)
  expect(findings.map(({ problem }) => problem)).toEqual([
    `1 files that conversations refer to are missing: ${hash}.`,
    `1 files have other bytes than their name says: ${'a'.repeat(64)}.`,
    expect.stringMatching(/^2 files are not used by anything: /),
  ])
  const fixed = await runDoctor(home, '--fix')
  expect(fixed.fixes).toEqual({ done: ['deleted 2 unused files'], notes: [] })
  expect(fixed.findings.map(({ problem }) => problem)).toEqual([
    `1 files that conversations refer to are missing: ${hash}.`,
  ])
})

test('an answer that is not what its events fold to is named, and --fix stores it again', { timeout }, async () => {
  const home = copyHome()
  const read = () => {
    using database = TestDatabase.read(home)
    return database.all("SELECT id, parts FROM messages WHERE role = 'ASSISTANT' ORDER BY id")
  }
  const before = read()
  {
    using database = TestDatabase.write(home)
    const [first, second] = database.all<{ id: string }>("SELECT id FROM messages WHERE role = 'ASSISTANT' ORDER BY id")
    database.run('UPDATE messages SET parts = ? WHERE id = ?', '[{"type":"text","text":"Never said"}]', first?.id)
    database.run('UPDATE messages SET parts = ? WHERE id = ?', 'not JSON', second?.id)
  }
  const { findings } = await runDoctor(home)
  expect(findings[0]?.problem).toMatch(/^2 messages are not what their events fold to: msg_\w+, msg_\w+\.$/)
  expect((await runDoctor(home, '--fix')).fixes?.done).toContain('stored 2 messages again as their events say')
  const after = read()
  expect(JSON.parse(JSON.stringify(after))).toEqual(before)
})

test('a log that lacks events is named, and --fix does not take its message for wrong', { timeout }, async () => {
  const home = copyHome()
  let streamId = ''
  {
    using database = TestDatabase.write(home)
    streamId = String(database.value("SELECT stream_id FROM events WHERE type = 'StreamFinished'"))
    database.run("DELETE FROM events WHERE type = 'StreamFinished' AND stream_id = ?", streamId)
  }
  const problem = `The log of the stream ${streamId} is not complete: its last event is missing.`
  expect((await runDoctor(home, '--fix')).findings).toMatchObject([{ problem, fixable: false }])
})

test('indexes that do not fit are named, and --fix builds them again', { timeout }, async () => {
  const home = copyHome()
  {
    using database = TestDatabase.write(home)
    database.exec(`DELETE FROM message_entries WHERE number = (SELECT max(number) FROM message_entries);
      DELETE FROM conversation_sessions WHERE id = (SELECT max(id) FROM conversation_sessions);`)
  }
  const { findings } = await runDoctor(home)
  expect(findings.map(({ check, problem }) => `${check}: ${problem}`)).toEqual([
    'indexes: 1 messages are missing in the search index.',
    'indexes: 1 sessions are in no conversation in the conversation index.',
    'indexes: 1 conversations have no session in the conversation index.',
    'indexes: 1 conversations have a current session that is not theirs in the conversation index.',
  ])
  expect((await runDoctor(home, '--fix')).healthy).toBe(true)
  await using segue = await startTestSegue({ settings: { home } })
  await using client = new ChatClient(segue.url)
  const { conversations } = await client.ask('{ conversations(first: 10) { edges { node { id } } } }')
  const pageSchema = z.object({ edges: z.array(z.unknown()) })
  expect(pageSchema.parse(conversations).edges).toHaveLength(texts.length)
  // Messages are indexed again in the background.
  await vi.waitFor(
    async () => {
      const { search } = await client.ask('{ search(query: "Question", first: 20) { edges { node { snippet } } } }')
      // The titles, too.
      expect(pageSchema.parse(search).edges).toHaveLength(texts.length * 2)
    },
    { timeout: waitLimitMs },
  )
})

test('what a running server uses is not repaired', { timeout }, async () => {
  const home = copyHome()
  await using _ = await startTestSegue({ settings: { home } })
  {
    using database = TestDatabase.write(home)
    database.exec('DELETE FROM conversation_sessions')
  }
  const { fixes, findings } = await runDoctor(home, '--fix')
  expect(fixes?.notes[0]).toMatch(/^Another Segue server uses the home .* What a server uses was not repaired\.$/)
  expect(findings.some(({ check }) => check === 'indexes')).toBe(true)
})

test('a damaged page is named with its table, and the other chats are salvaged', { timeout }, async () => {
  const home = copyHome()
  const page = overwritePage(home, 'messages')
  const output = newTempFolder()
  const { findings, salvaged } = await runDoctor(home, '--salvage', output)
  const damage = findings.find(({ check }) => check === 'database')
  expect(damage?.problem).toContain(`page ${page} of the table messages is damaged`)
  expect(damage).toMatchObject({ fixable: false, remedy: expect.stringContaining('Restore a backup') })
  const { files = [], lost = [] } = salvaged?.['default'] ?? {}
  expect(files.length).toBeGreaterThan(0)
  expect(lost.length).toBeGreaterThan(0)
  expect(files.length + lost.length).toBe(texts.length)

  const newHome = join(newTempFolder(), 'home')
  const imported = await runToEnd({ argv: ['import', files[0] ?? '', '--home', newHome] })
  expect(imported).toMatchObject({ code: 0 })
  expect((await runDoctor(newHome)).findings.filter(({ check }) => check !== 'permissions')).toEqual([])
})

test('a database that is no database is named', { timeout }, async () => {
  const home = copyHome()
  for (const file of ['segue.db-wal', 'segue.db-shm']) rmSync(join(home, file), { force: true })
  writeFileSync(join(home, 'segue.db'), 'no database '.repeat(1000), { mode: 0o600 })
  const { findings } = await runDoctor(home)
  expect(findings).toMatchObject([
    { check: 'database', problem: expect.stringContaining('file is not a database'), fixable: false },
  ])
})

test("Hermes' files that are damaged or lack tables are named", { timeout }, async () => {
  const home = copyHome()
  const hermes = newTempFolder()
  writeFileSync(join(hermes, 'state.db'), 'no database '.repeat(1000))
  mkdirSync(join(hermes, 'profiles', 'work'), { recursive: true })
  {
    using database = new TestDatabase(join(hermes, 'profiles', 'work', 'state.db'))
    database.exec('CREATE TABLE sessions (id TEXT PRIMARY KEY)')
  }
  const { code, stdout } = await runToEnd({ argv: ['doctor', '--home', home, '--hermes-home', hermes] })
  expect(code).toBe(1)
  expect(stdout).toContain(`problem  hermes of default: ${join(hermes, 'state.db')}: Hermes' state.db is corrupt.`)
  expect(stdout).toContain(`problem  hermes of work: ${join(hermes, 'profiles/work/state.db')} lacks messages.`)
})

test('a home that does not exist is named, and is not created', { timeout }, async () => {
  const home = join(newTempFolder(), 'none')
  expect((await runDoctor(home, '--fix')).findings).toMatchObject([
    { check: 'home', problem: `The home ${home} does not exist.`, fixable: false },
  ])
  expect(statSync(home, { throwIfNoEntry: false })).toBeUndefined()
})
