import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockHome } from '../../../../src/storage/sqlite/database/home-lock.ts'
import { backUp, readFiles, restore, writeTar } from '../../../support/maintenance/backups.ts'
import { newHome, newTempFolder } from '../../../support/server/segue.ts'

const emptyManifest = {
  format: 'segue-backup',
  version: 1,
  createdAt: '2026-11-01T00:00:00.000Z',
  segueVersion: '0.0.0',
  profiles: ['default'],
  files: [],
  missingBlobs: [],
}
const newManifest = (more = {}) => ({ name: 'manifest.json', bytes: JSON.stringify({ ...emptyManifest, ...more }) })

/** Restores into a home that does not exist, and into one that is empty. Neither may be changed. */
async function expectRefused(file: string, message: string | RegExp): Promise<void> {
  const folder = newTempFolder()
  mkdirSync(join(folder, 'empty'))
  for (const name of ['new', 'empty']) await expect(restore(file, join(folder, name)), name).rejects.toThrow(message)
  expect(existsSync(join(folder, 'new'))).toBe(false)
  expect(readFiles(folder)).toEqual(new Map())
}

test('a home that is not empty is left alone, and the reason is named', async () => {
  const { file } = await backUp(newHome(), newTempFolder())
  const home = newTempFolder()
  writeFileSync(join(home, 'config.json'), '{}')
  await expect(restore(file, home)).rejects.toThrow(`The home ${home} is not empty: it has config.json.`)
  expect([...readFiles(home).keys()]).toEqual(['config.json'])
})

test('a home that a server uses is left alone', async () => {
  const { file } = await backUp(newHome(), newTempFolder())
  const home = newTempFolder()
  const lock = lockHome(home)
  onTestFinished(() => lock.release())
  await expect(restore(file, home)).rejects.toThrow(/^Another Segue server uses the home/)
})

test('what an interrupted restore has left is removed', async () => {
  const { file } = await backUp(newHome(), newTempFolder())
  const home = newTempFolder()
  mkdirSync(join(home, '.restore-abc'))
  await restore(file, home)
  expect([...readFiles(home).keys()]).toEqual(['segue.db'])
  expect(existsSync(join(home, '.restore-abc'))).toBe(false)
})

test.each([
  ['../config.json', 'leads out of the home'],
  ['files/../../config.json', 'leads out of the home'],
  ['/etc/config.json', 'leads out of the home'],
  ['profiles/../config.json', 'leads out of the home'],
  ['profiles/.hidden/config.json', 'is no part of a home'],
  ['profiles/default/config.json', 'is no part of a home'],
  ['.ssh/authorized_keys', 'is no part of a home'],
  ['lock.db', 'is no part of a home'],
  ['files/readme', 'is no part of a home'],
])('a backup with the path %s is refused', async (name, message) => {
  const file = join(newTempFolder(), 'backup.tar')
  await writeTar(file, [{ name, bytes: 'x' }, newManifest()])
  await expectRefused(file, message)
})

test.each(['symlink', 'link'] as const)('a backup with a %s is refused', async (type) => {
  const file = join(newTempFolder(), 'backup.tar')
  await writeTar(file, [{ name: 'config.json', type, linkname: '/etc/passwd' }, newManifest()])
  await expectRefused(file, 'The backup contains a link, "config.json", which may lead out of the home.')
})

test('a backup that is not complete, at whatever byte it ends, is refused', async () => {
  const { file } = await backUp(newHome(), newTempFolder())
  const bytes = readFileSync(file)
  const short = join(newTempFolder(), 'short.tar')
  for (const length of [0, 100, 512, 700, bytes.length >> 1, bytes.length - 2048]) {
    writeFileSync(short, bytes.subarray(0, length))
    await expectRefused(short, /is not a complete backup/)
  }
})

test('a backup in which a byte has changed is refused', async () => {
  const { file } = await backUp(newHome(), newTempFolder())
  const bytes = readFileSync(file)
  bytes[5000] = (bytes[5000] ?? 0) ^ 1
  writeFileSync(file, bytes)
  await expectRefused(file, 'The backup is damaged: "segue.db" has other bytes.')
})

test('a backup whose files are not those of its manifest is refused', async () => {
  const file = join(newTempFolder(), 'backup.tar')
  const sha256 = 'a'.repeat(64)
  await writeTar(file, [newManifest({ files: [{ path: 'config.json', size: 1, sha256 }] })])
  await expectRefused(file, 'The backup is damaged: "config.json" is missing.')
  await writeTar(file, [{ name: 'config.json', bytes: '{}' }, newManifest()])
  await expectRefused(file, 'The backup contains "config.json", which its manifest.json does not list.')
  await writeTar(file, [{ name: 'config.json', bytes: '{}' }, { name: 'config.json', bytes: '{}' }, newManifest()])
  await expectRefused(file, 'The backup contains "config.json" twice.')
  await writeTar(file, [newManifest({ profiles: ['../..'] })])
  await expectRefused(file, 'The backup is damaged: its manifest.json cannot be read.')
})

test('a backup with a damaged database is refused, although its digest is right', async () => {
  const bytes = readFileSync(join(newHome(), 'segue.db')).fill(0xaa, 4096 * 3, 4096 * 6)
  const file = join(newTempFolder(), 'backup.tar')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const files = [{ path: 'segue.db', size: bytes.length, sha256 }]
  await writeTar(file, [{ name: 'segue.db', bytes }, newManifest({ files })])
  await expectRefused(file, /database .*(in the backup is damaged|cannot be used)/)
})

test('a backup of a newer Segue is refused, and what is no backup as well', async () => {
  const file = join(newTempFolder(), 'backup.tar')
  await writeTar(file, [newManifest({ version: 2, files: 'unknown' })])
  await expectRefused(file, 'The backup has version 2; this Segue reads versions up to 1.')
  writeFileSync(file, 'not a tar file '.repeat(100))
  await expectRefused(file, /is not a complete backup/)
  await expectRefused(join(newTempFolder(), 'none'), /The backup cannot be restored \(ENOENT/)
})
