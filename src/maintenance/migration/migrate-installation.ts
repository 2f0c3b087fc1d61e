import { createHash } from 'node:crypto'
import { batchRows } from '../../storage/migration/batch-rows.ts'
import { migratedTables } from '../../storage/migration/migrated-tables.ts'
import { MigrationError } from '../../storage/migration/migration-error.ts'
import type { MigrationReader, MigrationSource, MigrationTarget } from '../../storage/migration/migration-storage.ts'
import { RowDigest } from '../../storage/migration/row-digest.ts'

export interface MigrationRequest {
  readonly source: MigrationSource
  readonly target: MigrationTarget
  /** Told of what was copied, often. */
  readonly onProgress?: (progress: MigrationProgress) => void
  readonly signal: AbortSignal
}

export interface MigrationProgress {
  readonly phase: 'copied' | 'compared'
  readonly profile: string
  /** The table, or `files`. */
  readonly table: string
  /** Of the table so far. */
  readonly count: number
}

/** What was copied of a table of a profile, or of its files. */
export interface CopiedTable {
  readonly profile: string
  /** The table, or `files`. */
  readonly table: string
  readonly count: number
  /** Of all rows, or of all files; see `RowDigest`. */
  readonly digest: string
}

/** A blob as a row: what it is called, and what its bytes are. */
const blobTable = { columns: { hash: 'text', digest: 'text' }, isOrdered: false } as const

type Count = (profile: string, table: string, count: number) => void

/**
 * Copies everything that is stored, row by row with all ids, numbers and times, and compares what the target has afterwards.
 * Only then is it committed: until then, the target is empty for everybody else. Throws MigrationError, StorageError and the
 * reason of the signal.
 */
export async function migrateInstallation(request: MigrationRequest): Promise<CopiedTable[]> {
  const { source, target } = request
  const profiles = await source.listProfiles()
  const copied: CopiedTable[] = []
  const count = createCounter('copied', request)
  for (const profile of profiles) {
    await target.createProfile(profile)
    copied.push(...(await copyTables(profile, request, count)), await copyBlobs(profile, request, count))
  }
  await target.finishWriting()
  const written: CopiedTable[] = []
  const countAgain = createCounter('compared', request)
  for (const profile of profiles) written.push(...(await readDigests(profile, target, countAgain)))
  assertEqual(copied, written)
  request.signal.throwIfAborted()
  await target.commit()
  return copied
}

function createCounter(phase: MigrationProgress['phase'], { onProgress, signal }: MigrationRequest): Count {
  return (profile, table, count) => {
    signal.throwIfAborted()
    onProgress?.({ phase, profile, table, count })
  }
}

async function copyTables(profile: string, { source, target }: MigrationRequest, count: Count): Promise<CopiedTable[]> {
  const copied: CopiedTable[] = []
  for (const table of migratedTables) {
    const digest = new RowDigest(table)
    for await (const batch of batchRows(source.readRows(profile, table))) {
      for (const row of batch) digest.add(row)
      await target.insertRows(profile, table, batch)
      count(profile, table.name, digest.count)
    }
    copied.push({ profile, table: table.name, count: digest.count, digest: digest.value })
  }
  return copied
}

async function copyBlobs(profile: string, { source, target }: MigrationRequest, count: Count): Promise<CopiedTable> {
  const digest = new RowDigest(blobTable)
  for await (const hash of source.listBlobs(profile)) {
    const sha256 = createHash('sha256')
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of source.readBlob(profile, hash)) {
        sha256.update(chunk)
        yield chunk
      }
    }
    await target.writeBlob(profile, hash, bytes())
    digest.add({ hash, digest: sha256.digest('hex') })
    count(profile, 'files', digest.count)
  }
  return { profile, table: 'files', count: digest.count, digest: digest.value }
}

/** Reads everything of a profile, and changes nothing. */
async function readDigests(
  profile: string,
  reader: MigrationReader,
  count: Count = () => undefined,
): Promise<CopiedTable[]> {
  const digests: CopiedTable[] = []
  for (const table of migratedTables) {
    const digest = new RowDigest(table)
    for await (const batch of batchRows(reader.readRows(profile, table))) {
      for (const row of batch) digest.add(row)
      count(profile, table.name, digest.count)
    }
    digests.push({ profile, table: table.name, count: digest.count, digest: digest.value })
  }
  const digest = new RowDigest(blobTable)
  for await (const hash of reader.listBlobs(profile)) {
    const sha256 = createHash('sha256')
    for await (const chunk of reader.readBlob(profile, hash)) sha256.update(chunk)
    digest.add({ hash, digest: sha256.digest('hex') })
    count(profile, 'files', digest.count)
  }
  return [...digests, { profile, table: 'files', count: digest.count, digest: digest.value }]
}

function assertEqual(copied: readonly CopiedTable[], written: readonly CopiedTable[]): void {
  for (const [index, expected] of copied.entries()) {
    const found = written[index]
    if (found?.count === expected.count && found.digest === expected.digest) continue
    throw new MigrationError(
      `The copy of ${expected.table} in the profile ${expected.profile} is not what was read: ${expected.count} became ` +
        `${found?.count ?? 0}, or a value changed. Nothing was migrated. Check the disks, and run it again.`,
    )
  }
}
