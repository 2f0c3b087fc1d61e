import { createWriteStream, readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Header, pack } from 'tar-stream'
import { sqliteBackupStorage } from '../../../src/cli/storage/sqlite-backup-storage.ts'
import { createBackup } from '../../../src/maintenance/backup/create-backup.ts'
import { restoreBackup } from '../../../src/maintenance/backup/restore-backup.ts'
import type { BackupStorage } from '../../../src/storage/maintenance/backup-storage.ts'

/** Backs up a home to `backup.tar` in a folder. */
export async function backUp(
  home: string,
  folder: string,
  {
    storage = sqliteBackupStorage,
    signal = new AbortController().signal,
  }: {
    readonly storage?: BackupStorage
    readonly signal?: AbortSignal
  } = {},
) {
  const file = join(folder, 'backup.tar')
  return { file, manifest: await createBackup({ home, file, segueVersion: '0.0.0', storage, signal }) }
}

export function restore(file: string, home: string) {
  return restoreBackup({ file, home, storage: sqliteBackupStorage, signal: new AbortController().signal })
}

/** The bytes of all files below a folder, by path, apart from the lock. */
export function readFiles(folder: string): Map<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
  return new Map(
    paths
      .filter((path) => statSync(path).isFile() && !path.includes('lock.db'))
      .toSorted()
      .map((path) => [relative(folder, path), readFileSync(path)]),
  )
}

/** Writes a tar file of any entries. */
export async function writeTar(
  file: string,
  entries: readonly (Partial<Header> & { readonly name: string; readonly bytes?: string | Buffer })[],
): Promise<void> {
  const tar = pack()
  const written = pipeline(tar, createWriteStream(file))
  for (const { bytes = '', ...header } of entries) tar.entry(header, Buffer.from(bytes))
  tar.finalize()
  await written
}
