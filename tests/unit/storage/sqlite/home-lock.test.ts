import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HomeInUseError, UnusableHomeError } from '../../../../src/storage/errors.ts'
import { lockHome } from '../../../../src/storage/sqlite/database/home-lock.ts'
import { waitLimitMs } from '../../../support/vitest-limits.ts'

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

/** Starts a process that locks the home and keeps it locked over a garbage collection. `output`: `locked`, or its error. */
async function startLockingProcess(): Promise<{ child: ChildProcess; output: string }> {
  const program = `
    import { lockHome } from ${JSON.stringify(lockModule)}
    try {
      lockHome(${JSON.stringify(home)})
      await new Promise(setImmediate)
      globalThis.gc()
      console.log('locked')
      setInterval(() => {}, 60_000)
    } catch (error) {
      console.log(error.name + ': ' + error.message)
    }`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [output] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(waitLimitMs) })
  return { child, output: String(output).trim() }
}

test('a new home is readable by its owner only', () => {
  const lock = lockHome(home)
  expect(statSync(home).mode & 0o777).toBe(0o700)
  lock.release()
})

test(
  'a home that another process has locked is refused, with its path in the message',
  { timeout: 60_000 },
  async () => {
    expect((await startLockingProcess()).output).toBe('locked')
    expect(() => lockHome(home)).toThrow(HomeInUseError)
    expect(() => lockHome(home)).toThrow(home)
    expect((await startLockingProcess()).output).toMatch(/^HomeInUseError: /)
  },
)

test('a process cannot lock a home twice', () => {
  const lock = lockHome(home)
  expect(() => lockHome(home)).toThrow(HomeInUseError)
  lock.release()
  lockHome(home).release()
})

test('a home can be locked right after the process that had locked it was killed', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 3; round++) {
    const { child, output } = await startLockingProcess()
    expect(output).toBe('locked')
    await kill(child)
    const lock = lockHome(home)
    lock.release()
  }
})

test('a released home can be locked by another process', { timeout: 60_000 }, async () => {
  const lock = lockHome(home)
  expect((await startLockingProcess()).output).toMatch(/^HomeInUseError: /)
  lock.release()
  expect((await startLockingProcess()).output).toBe('locked')
})

test(
  'a lock whose file was deleted is acquired again, unless another process has it',
  { timeout: 60_000 },
  async () => {
    const lock = lockHome(home)
    lock.assertHeld()
    rmSync(join(home, 'lock.db'))
    lock.assertHeld()
    const other = await startLockingProcess()
    expect(other.output).toMatch(/^HomeInUseError: /)

    rmSync(join(home, 'lock.db'))
    const { child, output } = await startLockingProcess()
    expect(output).toBe('locked')
    expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ failure: 'HOME_LOST' }))
    await kill(child)
    expect(() => lock.assertHeld(), 'what the other one has written is not known').toThrow(/uses the home/)
    lock.release()
  },
)

test('a lock of a home that was deleted is lost, and creates no new home', () => {
  const lock = lockHome(home)
  rmSync(home, { recursive: true })
  expect(() => lock.assertHeld()).toThrow(/was deleted or moved/)
  expect(existsSync(home)).toBe(false)
  lock.release()
})

test.each<[string, () => void]>([
  ['a damaged lock', () => writeFileSync(join(home, 'lock.db'), 'no database '.repeat(500))],
  ['a folder instead of the lock file', () => mkdirSync(join(home, 'lock.db'))],
  ['a file instead of its folder', () => (rmSync(home, { recursive: true }), writeFileSync(home, ''))],
])('a home with %s cannot be locked, with its path in the message', (_, spoil) => {
  mkdirSync(home, { recursive: true })
  spoil()
  expect(() => lockHome(home)).toThrow(UnusableHomeError)
  expect(() => lockHome(home)).toThrow(home)
})
