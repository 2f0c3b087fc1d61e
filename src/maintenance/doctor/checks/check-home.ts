import { existsSync, lstatSync, statSync } from 'node:fs'
import { readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { toMigrationFolder } from '../../../storage/migration/interrupted-migration.ts'
import { CheckReport, type CheckResult } from '../finding.ts'

/** What interrupted commands leave: see restore-backup.ts and place-profiles.ts. */
const leftoverPattern = /^\.(restore-|migration-done$)/
const minFreeBytes = 64 * 1024 * 1024

/** Checks whether the home is a folder that can be used, and what was left in it. */
export async function checkHome(home: string): Promise<CheckResult> {
  const report = new CheckReport('home', null)
  const stats = statSync(home, { throwIfNoEntry: false })
  if (!stats) {
    const isDangling = lstatSync(home, { throwIfNoEntry: false }) !== undefined
    report.add(
      `The home ${home} ${isDangling ? 'is a link to nothing' : 'does not exist'}.`,
      'Name the right one with --home or SEGUE_HOME. The first start of the server creates it.',
    )
    return report.finish()
  }
  if (!stats.isDirectory()) {
    report.add(`The home ${home} is not a folder.`, 'Name a folder with --home or SEGUE_HOME.')
    return report.finish()
  }
  const names = await readdir(home).catch((error: unknown) => {
    report.add(`The home ${home} cannot be read (${toCode(error)}).`, `Run as the user that owns it, or chown it.`)
    return []
  })
  for (const name of names.filter((each) => leftoverPattern.test(each)))
    report.add(`An interrupted command left the folder ${name}.`, 'It can be deleted.', {
      text: `deleted ${name}`,
      needsLock: true,
      run: () => rm(join(home, name), { recursive: true, force: true }),
    })
  if (existsSync(toMigrationFolder(home)))
    report.add(
      'A migration into the home was interrupted, or runs. Until it is complete, no server starts.',
      'Run the same segue migrate again: it begins anew.',
    )
  await checkFreeSpace(home, report)
  return report.finish(home)
}

async function checkFreeSpace(home: string, report: CheckReport): Promise<void> {
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  if (free < minFreeBytes)
    report.add(
      `The disk of the home has ${Math.floor(free / 1024 / 1024)} MiB left.`,
      'Free some space, or move the home to another disk. A server cannot store answers on a full disk.',
    )
}

const toCode = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')
