import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { EventReader } from '../../support/clients/reader.ts'
import { builtProgram } from '../../support/server/built-program.ts'
import { newTempFolder } from '../../support/server/segue.ts'
import { runToEnd, startServerProcess } from '../../support/server/server-process.ts'

const argv = (home: string, ...flags: string[]) => ['--home', home, '--no-hermes', '--port', '0', ...flags]
const picture = 'data:text/plain;base64,V2hhdCBJIHdyb3Rl'

test('a home is backed up while its server answers, and restored elsewhere', { timeout: 60_000 }, async () => {
  const folder = newTempFolder()
  const [home, restoredHome, file] = [join(folder, 'home'), join(folder, 'restored'), join(folder, 'segue.tar')]
  mkdirSync(home)
  writeFileSync(join(home, 'config.json'), '{"model": "offline/eliza"}')
  await using server = await startServerProcess({ argv: argv(home, '--offline-delay', '0') })
  await using client = new ChatClient(server.url)
  const finished = await client.start({ text: 'Hello', files: [{ mediaType: 'text/plain', url: picture }] })
  for await (const event of client.followStream(finished.id)) if (event.type === 'StreamFinished') break
  const before = await client.messages(finished.session.id)
  const url = before[0]?.parts.find((part) => part.type === 'FilePart')?.url ?? ''

  // The server goes on while it is backed up.
  const [result, meanwhile] = await Promise.all([
    runToEnd({ argv: ['backup', file, '--home', home] }),
    client.start({ text: 'And now?' }),
  ])
  expect(result).toEqual({ code: 0, stdout: '', stderr: `Backed up 4 files of 1 profile to ${file}.\n` })
  expect((await client.stream(meanwhile.id)).status).not.toBe('FAILED')

  const refused = await runToEnd({ argv: ['restore', file, '--home', home] })
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toBe(
    `The home ${home} is not empty: it has config.json. Restore into a new folder with --home, or move this one away.\n`,
  )
  const restored = await runToEnd({ argv: ['restore', file, '--home', restoredHome] })
  expect(restored.stderr).toMatch(/^Restored 4 files of 1 profile, as of 20.*Z, to the home .*restored\.\n$/)
  expect(restored.code).toBe(0)

  await using other = await startServerProcess({ argv: argv(restoredHome) })
  await using otherClient = new ChatClient(other.url)
  expect(await otherClient.messages(finished.session.id)).toEqual(before)
  expect(await (await fetch(other.url + url)).text()).toBe('What I wrote')
})

test('a backup of a home whose conversations are in PostgreSQL names the program that saves them', async () => {
  const folder = newTempFolder()
  const home = join(folder, 'home')
  mkdirSync(home)
  writeFileSync(join(home, 'config.json'), '{}')
  const env = { SEGUE_DATABASE_URL: 'postgres://segue:top-secret-word@127.0.0.1:9/segue' }
  const { code, stderr } = await runToEnd({ argv: ['backup', join(folder, 'segue.tar'), '--home', home], env })
  expect(code).toBe(0)
  expect(stderr).toMatch(/The conversations are in PostgreSQL, .* pg_dump --format custom --schema segue\.\n$/)
  expect(stderr).not.toContain('top-secret-word')
})

test('a backup that fails leaves no file under its name', { timeout: 60_000 }, async () => {
  const folder = newTempFolder()
  const home = join(folder, 'home')
  mkdirSync(join(home, 'files'), { recursive: true })
  writeFileSync(join(home, 'config.json'), 'not JSON')
  const file = join(folder, 'segue.tar')
  const missing = await runToEnd({ argv: ['backup', join(folder, 'none', 'segue.tar'), '--home', home] })
  expect(missing).toMatchObject({ code: 1, stdout: '' })
  expect(missing.stderr).toMatch(/^The backup .* cannot be written \(ENOENT.*\)\. Nothing was written\.\n$/)
  // A broken config.json keeps nobody from making a backup.
  expect(await runToEnd({ argv: ['backup', file, '--home', home] })).toMatchObject({ code: 0 })
  expect(readdirSync(folder).toSorted()).toEqual(['home', 'segue.tar'])
})

test('a backup that is killed leaves no file under its name, and harms neither the home nor its server', async () => {
  const folder = newTempFolder()
  const [home, file] = [join(folder, 'home'), join(folder, 'segue.tar')]
  mkdirSync(join(home, 'files'), { recursive: true, mode: 0o700 })
  const bytes = randomBytes(32 * 1024 * 1024)
  writeFileSync(join(home, 'files', createHash('sha256').update(bytes).digest('hex')), bytes)
  await using server = await startServerProcess({ argv: argv(home, '--offline-delay', '5') })
  await using client = new ChatClient(server.url)
  const { id } = await client.start({ text: 'Tell me about your mother.' })

  const backup = spawn(process.execPath, [builtProgram, 'backup', file, '--home', home], { stdio: 'ignore' })
  const exited = once(backup, 'exit')
  // It has begun to write.
  await expect.poll(() => listArchives(folder), { interval: 1 }).not.toEqual([])
  backup.kill('SIGKILL')
  expect(await exited).toEqual([null, 'SIGKILL'])
  expect(readdirSync(folder)).not.toContain('segue.tar')

  const { stream } = await new EventReader(client.followStream(id)).readUntilType('StreamFinished')
  expect(stream.status).toBe('COMPLETED')
  expect(await server.stop('SIGTERM')).toBe(0)
  expect(await runToEnd({ argv: ['doctor', '--home', home, '--no-hermes'] })).toMatchObject({ code: 0 })
  expect(await runToEnd({ argv: ['backup', file, '--home', home] })).toMatchObject({ code: 0 })
  // The next backup has removed what the killed one has left.
  expect(readdirSync(folder).toSorted()).toEqual(['home', 'segue.tar'])
}, 60_000)

/** The archives of backups that are being written in a folder. */
function listArchives(folder: string): string[] {
  const isArchive = (path: string): boolean => path.startsWith('.segue.tar-') && path.endsWith('backup.tar')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isArchive)
}

const isRoot = process.getuid?.() === 0

test.runIf(isRoot)('a backup that fills its disk leaves nothing behind', { timeout: 60_000 }, () => {
  const folder = newTempFolder()
  const [home, disk] = [join(folder, 'home'), join(folder, 'disk')]
  for (const path of [home, join(home, 'files'), disk]) mkdirSync(path)
  const bytes = Buffer.alloc(2 * 1024 * 1024, 'x')
  writeFileSync(join(home, 'files', createHash('sha256').update(bytes).digest('hex')), bytes)
  const command = `mount -t tmpfs -o size=1m tmpfs ${disk}
    ${process.execPath} ${builtProgram} backup ${disk}/segue.tar --home ${home}; echo status $?; ls -A ${disk}`
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', command], { encoding: 'utf8' })
  expect(stdout).toBe('status 1\n')
  expect(stderr).toMatch(/^The backup .* cannot be written \(ENOSPC.*\)\. Nothing was written\.\n$/)
})

test.each([
  [['backup'], 'backup: Invalid command. Use backup <file>.'],
  [['restore', 'a', 'b'], 'restore a b: Invalid command. Use restore <file>.'],
  [['backup', 'a', '--port', '1'], '--port: Unknown flag.'],
])('%j is refused', { timeout: 60_000 }, async (args, message) => {
  const { code, stderr } = await runToEnd({ argv: args, env: { HOME: newTempFolder() } })
  expect(code).toBe(1)
  expect(stderr).toContain(message)
})
