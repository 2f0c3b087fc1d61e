import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { listCommands, repositoryRoot } from '../../support/docs/markdown.ts'
import { createTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { builtProgram } from '../../support/server/built-program.ts'
import { newTempFolder } from '../../support/server/segue.ts'

const [startServers = '', startFollowStop = '', dump = ''] = listCommands('docs/scale.md')

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

test('what one process starts is followed through a second and stopped through a third, as documented', async () => {
  const folder = newTempFolder()
  const url = await createTestDatabase()
  const ports = await findFreePorts(3)
  const adapt = (command: string): string =>
    ports
      .reduce((text, port, index) => text.replaceAll(String(4001 + index), String(port)), command)
      .replaceAll('localhost:', '127.0.0.1:')
      .replace('postgres://segue@localhost/segue', url)
      .replace('npm start --', `exec ${process.execPath} ${builtProgram}`)
  const env = { ...process.env, SEGUE_HOME: folder, SEGUE_DATABASE_URL: url, SEGUE_OFFLINE_DELAY: '100' }
  const servers = spawn('bash', ['-c', `${adapt(startServers)}\nwait`], {
    env,
    cwd: repositoryRoot,
    detached: true,
    stdio: 'ignore',
  })
  onTestFinished(async () => {
    const exited = once(servers, 'exit')
    process.kill(-(servers.pid ?? 0), 'SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  })
  for (const port of ports) await expect.poll(() => isReady(port)).toBe(true)

  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', adapt(startFollowStop)], { env })
  expect(stdout).toContain('"outcome":"CANCELLED"')
  expect(stdout).toContain('"__typename":"StreamFinished"')

  const file = join(folder, 'segue.dump')
  await promisify(execFile)('bash', ['-c', dump.replace('--file segue.dump', `--file ${file}`)], { env })
  expect(readFileSync(file).subarray(0, 5).toString()).toBe('PGDMP')
})
