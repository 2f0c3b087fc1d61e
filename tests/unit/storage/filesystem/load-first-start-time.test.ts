import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadFirstStartTime } from '../../../../src/storage/filesystem/load-first-start-time.ts'
import { newTempFolder } from '../../../support/server/segue.ts'

function newHome(): string {
  const home = newTempFolder()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  return home
}

test('the first start of a home is stored, and later ones read it', () => {
  const home = join(newHome(), 'new')
  expect([1_000, 2_000, 3_000].map((now) => loadFirstStartTime(home, now))).toEqual([1_000, 1_000, 1_000])
  expect(readFileSync(join(home, 'first-start.json'), 'utf8')).toBe('{"at":"1970-01-01T00:00:01.000Z"}\n')
})

test.each(['', 'nothing', '{}', '{"at":7}', '{"at":"soon"}', '[]'])(
  'what is no time, as in %j, is replaced',
  (text) => {
    const home = newHome()
    writeFileSync(join(home, 'first-start.json'), text)
    expect([1_000, 2_000].map((now) => loadFirstStartTime(home, now))).toEqual([1_000, 1_000])
  },
)

test('a file that cannot be written costs only itself', () => {
  const home = newHome()
  mkdirSync(join(home, 'first-start.json'))
  expect([1_000, 2_000].map((now) => loadFirstStartTime(home, now))).toEqual([1_000, 2_000])
})
