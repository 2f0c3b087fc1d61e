import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { lockHome } from '../../src/storage/sqlite/database/home-lock.ts'
import { ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { ask } from '../support/server/graphql-request.ts'
import { runToEnd, startServerProcess } from '../support/server/server-process.ts'
import { newHome, newTempFolder } from '../support/server/segue.ts'
import {
  makeReadOnlyCommand,
  runToEndOnSmallDisk,
  startOnSmallDisk,
  fillDiskCommand,
} from '../support/server/small-disk.ts'
import { TestDatabase } from '../support/storage/test-database.ts'

/** A user of this machine that is not root, for whom the modes of files count. */
const nobody = 65_534

function newFolder(): string {
  const path = newTempFolder()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const toArguments = (home: string, argv: readonly string[] = []) => ({
  argv: ['--port', '0', '--no-hermes', '--home', home, ...argv],
  env: { HOME: home },
})

/** Expects one sentence on stderr, and status 1. */
function expectRefusal({ code, stdout, stderr }: Awaited<ReturnType<typeof runToEnd>>, ...excerpts: string[]): void {
  expect([code, stdout]).toEqual([1, ''])
  for (const excerpt of excerpts) expect(stderr).toContain(excerpt)
  expect(stderr, 'a stack').not.toMatch(/^\s+at /m)
}

/** Starts an answer in the profile `work`. Resolves to the id of the stream. */
async function startInWork(url: string): Promise<string> {
  const { startChat } = await ask(url, z.object({ startChat: z.object({ id: z.string() }) }), {
    query: 'mutation { startChat(input: { text: "Hi", profile: "work" }) { id } }',
  })
  return startChat.id
}

const readStatus = async (url: string): Promise<number> => (await fetch(`${url}/ready`)).status

describe('a start', { timeout: 60_000 }, () => {
  test('on a read-only disk is refused with a sentence', async () => {
    const prepare = `touch lock.db; ${makeReadOnlyCommand}`
    expectRefusal(await runToEndOnSmallDisk({ prepare }), 'is read-only. Make it writable')
  })

  test('in a folder where nothing can be created is refused with a sentence', async () => {
    expectRefusal(await runToEnd(toArguments('/proc/segue')), 'no folder can be created there')
  })

  test.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('with %s as config.json is refused with a sentence', async (_, create) => {
    const home = newFolder()
    create(join(home, 'config.json'))
    expectRefusal(await runToEnd(toArguments(home)), 'config.json: Is not a regular file')
  })

  test('with a lock.db that it cannot write is refused, whether or not another server runs', async () => {
    const home = newHome()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    for (const path of [home, join(home, 'segue.db')]) chownSync(path, nobody, nobody)
    writeFileSync(join(home, 'lock.db'), '')
    chmodSync(join(home, 'lock.db'), 0o444)
    const launcher = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']
    expectRefusal(await runToEnd({ ...toArguments(home), launcher }), 'cannot write to it and its lock.db')
  })

  test('on a full disk serves reads, says so, and writes when there is room', async () => {
    const home = newHome()
    onTestFinished(() => rmSync(home, { recursive: true, force: true }))
    const prepare = `cp ${home}/segue.db . && touch lock.db && ${fillDiskCommand}`
    await using server = await startOnSmallDisk({ prepare })
    await using client = new ChatClient(server.url)
    expect(await readStatus(server.url)).toBe(503)
    await expect(client.start({ text: 'Hi' })).rejects.toThrow(/disk of the server is full/)
    server.freeDisk()
    await expect.poll(() => readStatus(server.url)).toBe(200)
    const { id } = await client.start({ text: 'Hi' })
    const { stream } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
    expect(stream.status).toBe('COMPLETED')
  })

  test('creates all files for their owner only, whatever the umask, and warns of a home and of keys that others can read', async () => {
    const home = newFolder()
    chmodSync(home, 0o755)
    writeFileSync(join(home, 'config.json'), '{ "providers": { "openai": { "type": "openai", "apiKey": "k" } } }')
    chmodSync(join(home, 'config.json'), 0o644)
    const launcher = ['sh', '-c', 'umask 0; exec "$@"', 'sh']
    await using server = await startServerProcess({ ...toArguments(home), launcher })
    await using client = new ChatClient(server.url)
    const id = await startInWork(server.url)
    await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
    await fetch(`${server.url}/files`, { method: 'POST', body: 'text', headers: { 'content-type': 'text/plain' } })
    const modes = readdirSync(home, { recursive: true, encoding: 'utf8' }).map((name) => {
      const stats = statSync(join(home, name))
      return [name, (stats.mode & 0o777).toString(8), stats.isDirectory() ? '700' : '600'] as const
    })
    expect(modes.length).toBeGreaterThan(6)
    const open = modes.filter(([name, mode, expected]) => mode !== expected && name !== 'config.json')
    expect(open).toEqual([])
    expect(server.output.stderr).toContain(`chmod 700 ${home}`)
    expect(server.output.stderr).toContain(`chmod 600 ${join(home, 'config.json')}`)
  })
})

const uploadSchema = z.object({ url: z.string() })

const upload = (url: string, body: BodyInit) =>
  fetch(`${url}/files`, {
    method: 'POST',
    body,
    ...(typeof body === 'string' && { headers: { 'content-type': 'text/plain' } }),
  })

async function uploadText(url: string, text: string): Promise<string> {
  const response = await upload(url, text)
  expect(response.status).toBe(201)
  return new URL(uploadSchema.parse(await response.json()).url, url).href
}

describe('uploads', { timeout: 60_000 }, () => {
  test('are refused with STORAGE on a full disk, and leave no file', async () => {
    await using server = await startOnSmallDisk()
    await uploadText(server.url, 'first')
    const listFiles = () => readdirSync(join(server.home, 'files'))
    const before = listFiles()
    server.fillDisk()
    const form = new FormData()
    form.append('file', new Blob(['a'.repeat(300_000)], { type: 'text/plain' }), 'a.txt')
    for (const body of ['a'.repeat(300_000), form]) {
      const response = await upload(server.url, body)
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'STORAGE' } }] })
    }
    expect(listFiles()).toEqual(before)
    server.freeDisk()
    await uploadText(server.url, 'second')
    expect(listFiles()).toHaveLength(2)
  })

  test('whose folder is deleted are missing one by one, and the next upload creates it again', async () => {
    const home = newFolder()
    await using server = await startServerProcess(toArguments(home))
    await using client = new ChatClient(server.url)
    const lost = await uploadText(server.url, 'lost')
    rmSync(join(home, 'files'), { recursive: true })
    expect((await fetch(lost)).status).toBe(404)
    await expect(
      client.start({ text: 'Hi', files: [{ url: new URL(lost).pathname, mediaType: 'text/plain' }] }),
    ).rejects.toThrow(/file/i)
    const kept = await uploadText(server.url, 'kept')
    expect(await (await fetch(kept)).text()).toBe('kept')
    const { id } = await client.start({ text: 'Hi', files: [{ url: new URL(kept).pathname, mediaType: 'text/plain' }] })
    const { stream } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
    expect(stream.status).toBe('COMPLETED')
    expect(await readStatus(server.url)).toBe(200)
  })
})

test('checkpoints that fail lose nothing, and the next one that works includes them', { timeout: 60_000 }, async () => {
  const home = newFolder()
  const path = join(home, 'segue.db')
  const server = await startServerProcess({ ...toArguments(home), launcher: ['unshare', '--mount'] })
  onTestFinished(() => server[Symbol.asyncDispose]())
  const mount = (...argv: string[]) =>
    execFileSync('nsenter', ['--mount', '--target', String(server.process.pid), ...argv])
  const createSessions = async (count: number): Promise<void> => {
    const query = 'mutation { createSession(input: {}) { id } }'
    for (let done = 0; done < count; done += 1)
      await ask(server.url, z.object({ createSession: z.unknown() }), { query })
  }
  await createSessions(1)
  // The server has the file open. A checkpoint opens it anew, and cannot write to it.
  mount('mount', '--bind', '-o', 'ro', path, path)
  const { mtimeMs } = statSync(path)
  await createSessions(300)
  expect(await readStatus(server.url)).toBe(200)
  expect(statSync(path).mtimeMs).toBe(mtimeMs)
  // Lazily: what reads the file at this moment keeps it busy.
  mount('umount', '--lazy', path)
  await createSessions(256)
  await expect.poll(() => statSync(path).mtimeMs).toBeGreaterThan(mtimeMs)
  await server.stop('SIGKILL')
  using database = new TestDatabase(path)
  expect(database.value('SELECT count(*) FROM sessions')).toBe(557)
})

describe('a lock.db that is deleted while the server runs', { timeout: 60_000 }, () => {
  test('is created and locked again, and everything goes on', async () => {
    const home = newFolder()
    await using server = await startServerProcess(toArguments(home))
    await using client = new ChatClient(server.url)
    rmSync(join(home, 'lock.db'))
    const { id } = await client.start({ text: 'Hi' })
    const { stream } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
    expect(stream.status).toBe('COMPLETED')
    expect(server.output.stderr).toContain('created and locked again')
    expectRefusal(await runToEnd(toArguments(home)), 'Another Segue server uses the home')
  })

  test.each([
    ['with an answer that runs', true],
    ['without a write', false],
  ])('and locked by another server ends the process with status 1, %s', async (_, isAnswering) => {
    const home = newFolder()
    await using server = await startServerProcess(toArguments(home, ['--offline-delay', '20']))
    await using client = new ChatClient(server.url)
    const { id } = await client.start({ text: isAnswering ? 'Tell me about your mother.'.repeat(200) : 'Hi' })
    const reader = new EventReader(client.followStream(id))
    if (isAnswering) await reader.readUntil(({ text }) => typeof text === 'string' && text !== '')
    else await reader.readUntilType('StreamFinished')
    rmSync(join(home, 'lock.db'))
    const lock = lockHome(home)
    onTestFinished(() => lock.release())
    await expect.poll(() => server.process.exitCode).toBe(1)
    expect(server.output.stderr).toContain('The lock.db of the home was deleted or replaced')
    using database = new TestDatabase(join(home, 'segue.db'))
    const status = database.value('SELECT status FROM streams WHERE id = ?', id)
    expect(status, 'the other server ends what ran').toBe(isAnswering ? 'RUNNING' : 'COMPLETED')
  })
})

describe('a home that is deleted while the server runs', { timeout: 60_000 }, () => {
  test.each([
    ['with an answer that runs', true],
    ['without a write', false],
  ])('lets a stop end at once, with status 1, and the log says why, %s', async (_, isAnswering) => {
    const home = newFolder()
    await using server = await startServerProcess(toArguments(home, ['--offline-delay', '20', '--grace', '30']))
    await using client = new ChatClient(server.url)
    const { id } = await client.start({ text: isAnswering ? 'Tell me about your mother.'.repeat(200) : 'Hi' })
    const reader = new EventReader(client.followStream(id))
    if (isAnswering) await reader.readUntil(({ text }) => typeof text === 'string' && text !== '')
    else await reader.readUntilType('StreamFinished')
    rmSync(home, { recursive: true })
    expect(await server.stop('SIGTERM')).toBe(1)
    const errors = server.output.stderr.split('\n').filter((line) => line.includes('"level":50'))
    // A token that is committed between the deletion and the stop finds the home gone, too.
    expect(errors.length).toBeLessThanOrEqual(isAnswering ? 2 : 1)
    expect(errors.at(-1)?.slice(0, 600)).toMatch(/deleted or replaced/)
    for (const line of errors) expect(line.slice(0, 600)).toMatch(/was deleted or (moved|replaced)/)
    expect(server.output.stderr).not.toContain('timed out')
  })
})

describe('a database that is replaced while the server runs', { timeout: 60_000 }, () => {
  test.each([
    ['deleted', (path: string) => rmSync(path)],
    ['moved away', (path: string) => renameSync(path, `${path}.old`)],
    [
      'replaced',
      (path: string) => {
        copyFileSync(path, `${path}.new`)
        renameSync(`${path}.new`, path)
      },
    ],
    ['without its WAL', (path: string) => rmSync(`${path}-wal`)],
  ])('%s: answers end as FAILED, and the process with status 1', async (_, replace) => {
    const home = newFolder()
    await using server = await startServerProcess(toArguments(home, ['--offline-delay', '20']))
    await using client = new ChatClient(server.url)
    const { id } = await client.start({ text: 'Tell me about your mother.'.repeat(20) })
    const reader = new EventReader(client.followStream(id))
    await reader.readUntil(({ text }) => typeof text === 'string' && text !== '')
    replace(join(home, 'segue.db'))
    const { stream } = await reader.readUntilType('StreamFinished')
    expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'STORAGE' } })
    await expect.poll(() => server.process.exitCode).toBe(1)
    expect(server.output.stderr).toContain('was deleted or replaced')
  })

  test('is noticed without a write, and costs only its profile', async () => {
    const home = newFolder()
    await using server = await startServerProcess(toArguments(home))
    await using client = new ChatClient(server.url)
    const id = await startInWork(server.url)
    await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
    rmSync(join(home, 'profiles', 'work', 'segue.db'))
    await expect.poll(() => server.output.stderr).toContain('was deleted or replaced')
    expect(await readStatus(server.url)).toBe(200)
    const again = await startInWork(server.url)
    const { stream } = await new EventReader(client.followStream(again)).readUntilType('StreamFinished')
    expect(stream.status).toBe('COMPLETED')
  })
})
