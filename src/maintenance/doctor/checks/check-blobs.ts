import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { toBlobFolder } from '../../../profiles/profile-paths.ts'
import { formatSome } from '../format-some.ts'
import { CheckReport, type CheckResult } from '../finding.ts'
import type { ProfileUnderCheck } from '../home-under-check.ts'

/** A running server may be about to refer to what is younger, or to delete it. */
const graceMs = 60 * 60_000

const hashPattern = /^[0-9a-f]{64}$/

/** Compares the files of a profile with what its database refers to; null if that is unknown. */
export async function checkBlobs(
  { name: profile, folder }: ProfileUnderCheck,
  referenced: readonly string[] | null,
): Promise<CheckResult> {
  const report = new CheckReport('blobs', profile)
  const blobFolder = toBlobFolder(folder)
  const names = new Set(await readdir(blobFolder).catch(() => []))
  const missing = (referenced ?? []).filter((hash) => !names.has(hash))
  if (missing.length > 0)
    report.add(
      `${missing.length} files that conversations refer to are missing: ${formatSome(missing)}.`,
      `Copy them from a backup to ${blobFolder}. Each message is shown without its file until then.`,
    )
  const changed: string[] = []
  for (const hash of [...names].filter((name) => hashPattern.test(name)))
    if ((await hashFile(join(blobFolder, hash))) !== hash) changed.push(hash)
  if (changed.length > 0)
    report.add(
      `${changed.length} files have other bytes than their name says: ${formatSome(changed)}.`,
      `Replace them in ${blobFolder} by those of a backup.`,
    )
  const known = new Set(referenced)
  const isUnused = (name: string): boolean =>
    name.endsWith('.part') || (referenced !== null && hashPattern.test(name) && !known.has(name))
  const unused = await filterOld([...names].filter(isUnused), blobFolder)
  if (unused.length > 0)
    report.add(
      `${unused.length} files are not used by anything: ${formatSome(unused)}.`,
      'The next start of the server deletes them, and so does segue doctor --fix.',
      {
        text: `deleted ${unused.length} unused files`,
        needsLock: true,
        run: async () => {
          for (const name of unused) await rm(join(blobFolder, name), { force: true })
        },
      },
    )
  return report.finish(`${names.size} files`)
}

/** Null if it cannot be read. */
async function hashFile(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch {
    return null
  }
}

async function filterOld(names: readonly string[], folder: string): Promise<string[]> {
  const old: string[] = []
  for (const name of names) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (mtimeMs < Date.now() - graceMs) old.push(name)
  }
  return old
}
