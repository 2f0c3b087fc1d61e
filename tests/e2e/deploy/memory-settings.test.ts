import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import { builtProgram } from '../../support/server/built-program.ts'
import { newHome } from '../../support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../../support/server/server-process.ts'

const start = (env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> => {
  const home = newHome()
  return startServerProcess({ argv: ['--port', '0', '--home', home], env: { HOME: home, ...env } })
}

/** The options about V8's memory that the process began with. */
const readMemoryOptions = ({ process }: ServerProcess): string[] =>
  readFileSync(`/proc/${process.pid}/cmdline`, 'utf8')
    .split('\0')
    .filter((argument) => /semi-space|memory-reducer/.test(argument))

/** The settings of malloc that the process began with. */
const readMallocSettings = ({ process }: ServerProcess): string[] =>
  readFileSync(`/proc/${process.pid}/environ`, 'utf8')
    .split('\0')
    .filter((line) => line.startsWith('MALLOC_'))
    .toSorted()

test('a server on Linux has malloc give back what a burst has freed, and V8 keep little, in the process that was started', async () => {
  await using server = await start()
  expect(readMemoryOptions(server)).toEqual(['--no-memory-reducer', '--max-semi-space-size=16'])
  expect(readMallocSettings(server)).toEqual([
    'MALLOC_ARENA_MAX=2',
    'MALLOC_MMAP_THRESHOLD_=131072',
    'MALLOC_TRIM_THRESHOLD_=131072',
  ])
  expect(await server.stop('SIGTERM')).toBe(0)
  expect(server.output.stderr).not.toMatch(/Warning/)
})

test('settings of malloc in the environment stay as they are', async () => {
  await using server = await start({ MALLOC_ARENA_MAX: '4' })
  expect(readMallocSettings(server)).toEqual(['MALLOC_ARENA_MAX=4'])
  expect(readMemoryOptions(server)).toEqual([])
})

test('the size of the space for new objects in NODE_OPTIONS stays as it is', async () => {
  await using server = await start({ NODE_OPTIONS: '--max-semi-space-size=8' })
  expect(readMemoryOptions(server)).toEqual(['--no-memory-reducer'])
})

test('where Node may run no programs, Segue goes on without these settings', () => {
  const args = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', builtProgram, '--version']
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} })
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${manifest.version}\n` })
})
