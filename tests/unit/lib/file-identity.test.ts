import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readFileIdentity } from '../../../src/lib/file-identity.ts'
import { newTempFolder } from '../../support/server/segue.ts'

test('a file keeps its identity when it changes, and a file that replaces it has another one', () => {
  const path = join(newTempFolder(), 'a.db')
  expect(readFileIdentity(path)).toBeNull()
  writeFileSync(path, 'first')
  const identity = readFileIdentity(path)
  expect(identity).toMatch(/^\d+:\d+$/)
  writeFileSync(path, 'changed')
  expect(readFileIdentity(path)).toBe(identity)
  writeFileSync(`${path}.new`, 'second')
  renameSync(`${path}.new`, path)
  expect(readFileIdentity(path)).not.toBe(identity)
})
