import { z } from 'zod'
import { isProfileName } from '../../profiles/profile-name.ts'
import { BackupError } from './backup-error.ts'

/** The last entry of a backup: without it, the file is not complete. */
export const manifestName = 'manifest.json'
/** Larger ones are not read: it has about 150 bytes for each file. */
export const maxManifestBytes = 256 * 1024 * 1024
/** Of the format of backups. Older versions stay readable. */
export const backupVersion = 1

const versionSchema = z.looseObject({ format: z.literal('segue-backup'), version: z.int().positive() })

const fileSchema = z.object({
  path: z.string(),
  size: z.int().nonnegative(),
  /** SHA-256 of the bytes, in hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

const manifestSchema = z.object({
  format: z.literal('segue-backup'),
  version: z.literal(backupVersion),
  /** ISO 8601. */
  createdAt: z.string(),
  /** The Segue that made it. */
  segueVersion: z.string(),
  /** Every profile, also those without a file. */
  profiles: z.array(z.string().refine((name) => name === 'default' || isProfileName(name))),
  files: z.array(fileSchema),
  /** Blobs that a database refers to and that the home lacked: paths. */
  missingBlobs: z.array(z.string()),
})

/** A file in a backup. The path is relative to the home, with slashes. */
export type BackupFile = z.output<typeof fileSchema>
/** What a backup contains. */
export type BackupManifest = z.output<typeof manifestSchema>

/** Throws a BackupError. */
export function parseBackupManifest(text: string): BackupManifest {
  const damaged = (): BackupError => new BackupError(`The backup is damaged: its ${manifestName} cannot be read.`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw damaged()
  }
  const head = versionSchema.safeParse(json)
  if (head.success && head.data.version > backupVersion)
    throw new BackupError(
      `The backup has version ${head.data.version}; this Segue reads versions up to ${backupVersion}. Restore it with the newer Segue that made it.`,
    )
  const manifest = manifestSchema.safeParse(json)
  if (!manifest.success) throw damaged()
  return manifest.data
}

/** Files of a profile's folder that are backed up whole, apart from the database and the blobs. */
export const plainFileNames: readonly string[] = ['config.json', 'INSTRUCTIONS.md', 'first-start.json']

const filePattern = /^(?:profiles\/(?<profile>[^/]+)\/)?(?<file>[^/]+|files\/[0-9a-f]{64})$/

/** Whether a backup may contain a file at this path. Nothing else is ever written when it is restored. */
export function isBackupPath(path: string): boolean {
  const { profile, file = '' } = filePattern.exec(path)?.groups ?? {}
  if (profile !== undefined && !isProfileName(profile)) return false
  return file.startsWith('files/') || file === 'segue.db' || plainFileNames.includes(file)
}
