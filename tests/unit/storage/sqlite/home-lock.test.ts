import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HomeInUseError, lockHome, UnusableHomeError } from '../../../../src/storage/sqlite/database/home-lock.ts'

let folder: string
let home: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'segue-lock-'))
  home = join(folder, 'some', 'home')
})

afterEach(async () => {
  await Promise.all(children.splice(0).map(kill))
  rmSync(folder, { recursive: true, force: true })
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const lockModule = pathToFileURL(join(import.meta.dirname, '../../../../src/storage/sqlite/database/home-lock.ts')).href

/** Another process that takes the home and keeps it, whatever the garbage collector does; what it said first is its answer. */
async function holder(): Promise<{ child: ChildProcess; said: string }> {
  const program = `
    import { lockHome } from ${JSON.stringify(lockModule)}
    try {
      lockHome(${JSON.stringify(home)})
      await new Promise(setImmediate)
      globalThis.gc()
      console.log('held')
      setInterval(() => {}, 60_000)
    } catch (error) {
      console.log(error.name + ': ' + error.message)
    }`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [said] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(15_000) })
  return { child, said: String(said).trim() }
}

test('the home is made for its owner alone', () => {
  const lock = lockHome(home)
  expect(statSync(home).mode & 0o777).toBe(0o700)
  lock.release()
})

test('a home that another process holds is refused, and the message names it', async () => {
  expect((await holder()).said).toBe('held')
  expect(() => lockHome(home)).toThrow(HomeInUseError)
  expect(() => lockHome(home)).toThrow(home)
  expect((await holder()).said).toMatch(/^HomeInUseError: /)
})

test('the same process cannot hold a home twice', () => {
  const lock = lockHome(home)
  expect(() => lockHome(home)).toThrow(HomeInUseError)
  lock.release()
  lockHome(home).release()
})

test('a start right after the holder was killed succeeds, again and again', async () => {
  for (let round = 0; round < 3; round++) {
    const { child, said } = await holder()
    expect(said).toBe('held')
    await kill(child)
    const lock = lockHome(home)
    lock.release()
  }
})

test('a released home can be had by another process', async () => {
  const lock = lockHome(home)
  expect((await holder()).said).toMatch(/^HomeInUseError: /)
  lock.release()
  expect((await holder()).said).toBe('held')
})

test.each<[string, () => void]>([
  ['a damaged lock', () => writeFileSync(join(home, 'lock.db'), 'no database '.repeat(500))],
  ['a folder in the place of the lock', () => mkdirSync(join(home, 'lock.db'))],
  ['a file in its own place', () => (rmSync(home, { recursive: true }), writeFileSync(home, ''))],
])('a home with %s cannot be had, and the message names it', (_, spoil) => {
  mkdirSync(home, { recursive: true })
  spoil()
  expect(() => lockHome(home)).toThrow(UnusableHomeError)
  expect(() => lockHome(home)).toThrow(home)
})
