import { createHash, randomUUID } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sqliteBackupStorage } from '../../../../src/cli/storage/sqlite-backup-storage.ts'
import type { BackupStorage } from '../../../../src/storage/maintenance/backup-storage.ts'
import { backUp, readFiles, restore } from '../../../support/maintenance/backups.ts'
import { newHome, newTempFolder } from '../../../support/server/segue.ts'
import { TestDatabase } from '../../../support/storage/test-database.ts'

/** A home that version 0.1.0 wrote: two profiles, files, jobs. */
const oldHome = new URL('../../../support/fixtures/home-0.1/home/', import.meta.url).pathname

/** Stores a blob in a home, with an upload that refers to it. */
function addBlob(home: string, id: string = randomUUID()): string {
  const bytes = randomUUID()
  const hash = createHash('sha256').update(bytes).digest('hex')
  mkdirSync(join(home, 'files'), { recursive: true })
  writeFileSync(join(home, 'files', hash), bytes)
  using database = TestDatabase.write(home)
  const insert = "INSERT INTO uploads (id, hash, media_type, size, created_at) VALUES (?, ?, 'text/plain', 36, 0)"
  database.run(insert, id, hash)
  return hash
}

function deleteBlob(home: string, hash: string): void {
  using database = TestDatabase.write(home)
  database.run('DELETE FROM uploads WHERE hash = ?', hash)
  rmSync(join(home, 'files', hash))
}

/** The real storage, with something that happens before the first snapshot, and right after it. */
function storageWith({ before = () => {}, after = () => {} }): BackupStorage {
  let isFirst = true
  return {
    ...sqliteBackupStorage,
    openSnapshot(path) {
      if (isFirst) before()
      const snapshot = sqliteBackupStorage.openSnapshot(path)
      if (isFirst) after()
      isFirst = false
      return snapshot
    },
  }
}

test('a backup that is restored has every file of every profile, as it was', async () => {
  const home = newTempFolder()
  cpSync(oldHome, home, { recursive: true })
  writeFileSync(join(home, 'config.json'), '{"model": "offline/eliza"}')
  writeFileSync(join(home, 'INSTRUCTIONS.md'), 'Be brief.')
  mkdirSync(join(home, 'profiles', 'empty'))
  const { file, manifest } = await backUp(home, newTempFolder())
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(file, '..'))).toEqual(['backup.tar'])

  const restored = join(newTempFolder(), 'new')
  await restore(file, restored)
  const [before, after] = [readFiles(home), readFiles(restored)]
  for (const [path, bytes] of after)
    if (!path.endsWith('segue.db')) expect(before.get(path)?.equals(bytes), path).toBe(true)
  expect([...after.keys()]).toEqual(manifest.files.map(({ path }) => path).toSorted())
  expect([...after.keys()]).toContain('profiles/work/segue.db')
  expect(existsSync(join(restored, 'profiles', 'empty'))).toBe(true)
  for (const folder of ['', 'profiles/work']) {
    using one = TestDatabase.read(join(home, folder))
    using other = TestDatabase.read(join(restored, folder))
    for (const table of ['sessions', 'messages', 'events', 'jobs'])
      expect(other.all(`SELECT * FROM ${table}`), table).toEqual(one.all(`SELECT * FROM ${table}`))
  }
  for (const path of after.keys()) expect(statSync(join(restored, path)).mode & 0o777, path).toBe(0o600)
  expect(statSync(restored).mode & 0o777).toBe(0o700)
})

test('the copy of a database is that of one moment, whatever is written meanwhile', async () => {
  const home = newHome()
  addBlob(home, 'before')
  const storage = storageWith({ after: () => void addBlob(home, 'after') })
  const { file } = await backUp(home, newTempFolder(), { storage })
  const restored = join(newTempFolder(), 'new')
  await restore(file, restored)
  using database = TestDatabase.read(restored)
  // A snapshot is taken when the first row is read, so that whatever came before it is there.
  expect(database.all('SELECT id FROM uploads')).toEqual([{ id: 'before' }])
})

test('a backup has the blobs that its database refers to, although sessions are deleted and files added meanwhile', async () => {
  const home = newHome()
  const [kept, deletedLater] = [addBlob(home), addBlob(home)]
  let added = ''
  let addedAndDeleted = ''
  const storage = storageWith({
    before() {
      added = addBlob(home)
      addedAndDeleted = addBlob(home)
    },
    after() {
      deleteBlob(home, deletedLater)
      deleteBlob(home, addedAndDeleted)
    },
  })
  const { file, manifest } = await backUp(home, newTempFolder(), { storage })
  expect(manifest.missingBlobs).toEqual([])
  const restored = join(newTempFolder(), 'new')
  await restore(file, restored)
  using database = TestDatabase.read(restored)
  const referenced = database.all<{ hash: string }>('SELECT hash FROM uploads').map(({ hash }) => hash)
  // The one that was added and deleted around the first snapshot made it take another.
  expect(referenced.toSorted()).toEqual([kept, added].toSorted())
  for (const hash of referenced) expect(existsSync(join(restored, 'files', hash)), hash).toBe(true)
})

test('a blob that the home itself lacks is named, and everything else is backed up', async () => {
  const home = newHome()
  const [kept, lost] = [addBlob(home), addBlob(home)]
  rmSync(join(home, 'files', lost))
  const { manifest } = await backUp(home, newTempFolder())
  expect(manifest.missingBlobs).toEqual([`files/${lost}`])
  expect(manifest.files.map(({ path }) => path)).toEqual([`files/${kept}`, 'segue.db'])
})

test('a damaged database is not backed up, and nothing is left behind', async () => {
  const home = newHome()
  const size = statSync(join(home, 'segue.db')).size
  const bytes = readFileSync(join(home, 'segue.db'))
  bytes.fill(0xaa, 4096 * 3, 4096 * 6)
  writeFileSync(join(home, 'segue.db'), bytes)
  truncateSync(join(home, 'segue.db'), size)
  const folder = newTempFolder()
  await backUp(newHome(), folder)
  const earlier = readFiles(folder)
  await expect(backUp(home, folder)).rejects.toThrow(/^(A|The) database .*(damaged|cannot be used).*\./)
  expect(readFiles(folder)).toEqual(earlier)
})

test('an interrupted backup leaves nothing behind', async () => {
  const home = newHome()
  addBlob(home)
  const folder = newTempFolder()
  const controller = new AbortController()
  const storage = storageWith({ before: () => controller.abort() })
  await expect(backUp(home, folder, { storage, signal: controller.signal })).rejects.toThrow(
    'The backup was interrupted. Nothing was written.',
  )
  expect(readdirSync(folder)).toEqual([])
})

test('an earlier backup is replaced; any other file of that name, such as a database, is left alone', async () => {
  const [home, folder] = [newHome(), newTempFolder()]
  const { file } = await backUp(home, folder)
  writeFileSync(join(home, 'INSTRUCTIONS.md'), 'Be brief.')
  expect((await backUp(home, folder)).manifest.files.map(({ path }) => path)).toContain('INSTRUCTIONS.md')
  for (const content of ['SQLite format 3', '', 'x'.repeat(1000)]) {
    writeFileSync(file, content)
    await expect(backUp(home, folder)).rejects.toThrow(`${file} exists and is no backup. Name another file.`)
    expect(readFileSync(file, 'utf8')).toBe(content)
  }
  expect(readdirSync(folder)).toEqual(['backup.tar'])
})

test('a home that does not exist, and a folder that does not, are named', async () => {
  const folder = newTempFolder()
  await expect(backUp(join(folder, 'none'), folder)).rejects.toThrow(
    `The home ${join(folder, 'none')} cannot be read (ENOENT). Name another with --home.`,
  )
  await expect(backUp(newHome(), join(folder, 'none'))).rejects.toThrow(/^The backup .* cannot be written \(ENOENT/)
})

test('a backup leaves alone what another one is writing, and folders of other names', async () => {
  const home = newHome()
  const folder = newTempFolder()
  const names = ['.backup.tar-abcdef', '.backup.tar-unknown-folder', '.other.tar-abcdef']
  for (const name of names) mkdirSync(join(folder, name))
  const lock = sqliteBackupStorage.lockHome(join(folder, '.backup.tar-abcdef'))
  await backUp(home, folder)
  expect(readdirSync(folder).toSorted()).toEqual([...names, 'backup.tar'].toSorted())
  // What its process has left when it ended.
  lock.release()
  await backUp(home, folder)
  expect(readdirSync(folder)).not.toContain('.backup.tar-abcdef')
})
