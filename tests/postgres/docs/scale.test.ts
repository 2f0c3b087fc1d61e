import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { ChatClient } from '../../support/clients/chat-client.ts'
import { listCommands, repositoryRoot } from '../../support/docs/markdown.ts'
import { createTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { builtProgram } from '../../support/server/built-program.ts'
import { startServerProcess } from '../../support/server/server-process.ts'
import { newTempFolder } from '../../support/server/segue.ts'

const [startServers = '', startFollowStop = '', copyThere = '', copyBack = '', , dump = ''] =
  listCommands('docs/scale.md')

/** Ports that nobody uses now. */
async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => Object(server.address()).port)
  await Promise.all(servers.map((server) => server.close() && once(server, 'close')))
  return ports
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ ok }) => ok,
    () => false,
  )

/** Chats in a home, with a server of its own that stores in SQLite; `null`: reads the titles only. */
async function chatInHome(home: string, text: string | null): Promise<string> {
  const argv = ['--home', home, '--no-hermes', '--port', '0', '--model', 'offline/eliza']
  await using server = await startServerProcess({ argv, env: { SEGUE_DATABASE_URL: '' } })
  await using client = new ChatClient(server.url)
  if (text !== null) await Array.fromAsync(client.followStream((await client.start({ text })).id))
  return await listTitles(server.url)
}

async function listTitles(url: string): Promise<string> {
  await using client = new ChatClient(url)
  return JSON.stringify(await client.ask('{ conversations(first: 10) { edges { node { id title } } } }'))
}

test(
  'a home moves to three processes and back, and what one starts is followed and stopped through others, as documented',
  {
    timeout: 60_000,
  },
  async () => {
    const folder = newTempFolder()
    const url = await createTestDatabase()
    const back = join(folder, 'back')
    const ports = await findFreePorts(3)
    const adapt = (command: string): string =>
      ports
        .reduce((text, port, index) => text.replaceAll(String(4001 + index), String(port)), command)
        .replaceAll('localhost:', '127.0.0.1:')
        .replace('postgres://segue@localhost/segue', url)
        .replace('npm start --', `exec ${process.execPath} ${builtProgram}`)
        .replace('npm run segue --', `${process.execPath} ${builtProgram}`)
        .replace('~/.segue-back', back)
    const env = { ...process.env, SEGUE_HOME: folder, SEGUE_DATABASE_URL: url, SEGUE_OFFLINE_DELAY: '100' }
    const run = (command: string) => promisify(execFile)('bash', ['-euo', 'pipefail', '-c', adapt(command)], { env })
    const titles = await chatInHome(folder, 'A question of before')
    expect(titles).toContain('A question of before')
    await run(copyThere)

    const servers = spawn('bash', ['-c', `${adapt(startServers)}\nwait`], {
      env,
      cwd: repositoryRoot,
      detached: true,
      stdio: 'ignore',
    })
    const exited = once(servers, 'exit')
    onTestFinished(async () => {
      if ((servers.exitCode ?? servers.signalCode) === null) process.kill(-(servers.pid ?? 0), 'SIGKILL')
      await exited
      rmSync(folder, { recursive: true, force: true })
    })
    for (const port of ports) await expect.poll(() => isReady(port)).toBe(true)
    for (const port of ports) expect(await listTitles(`http://127.0.0.1:${port}`)).toBe(titles)

    const { stdout } = await run(startFollowStop)
    expect(stdout).toContain('"outcome":"CANCELLED"')
    expect(stdout).toContain('"__typename":"StreamFinished"')

    const file = join(folder, 'segue.dump')
    await promisify(execFile)('bash', ['-c', dump.replace('--file segue.dump', `--file ${file}`)], { env })
    expect(readFileSync(file).subarray(0, 5).toString()).toBe('PGDMP')

    const after = await listTitles(`http://127.0.0.1:${ports[0]}`)
    process.kill(-(servers.pid ?? 0), 'SIGTERM')
    await exited
    await run(copyBack)
    expect(await chatInHome(back, null)).toBe(after)
  },
)
