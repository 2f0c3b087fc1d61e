import { formatCount } from '../../../lib/lists/format-count.ts'
import { lstatSync, readdirSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { formatSome } from '../format-some.ts'
import { CheckReport, type CheckResult } from '../finding.ts'

/** Of others and of the group. */
const foreignBits = 0o077

/** Checks that only the owner can read and write what is in the home. */
export async function checkPermissions(home: string): Promise<CheckResult> {
  const report = new CheckReport('permissions', null)
  if (process.platform === 'win32' || !lstatSync(home, { throwIfNoEntry: false })?.isDirectory()) return report.finish()
  const open: { readonly path: string; readonly mode: number }[] = []
  const foreign: string[] = []
  const uid = process.getuid?.() ?? 0
  for (const path of listPaths(home)) {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    // The modes of a link mean nothing, and what it leads to is not part of the home.
    if (!stats || stats.isSymbolicLink()) continue
    if ((stats.mode & foreignBits) !== 0) open.push({ path, mode: stats.mode & 0o700 })
    if (uid !== 0 && stats.uid !== uid) foreign.push(path)
  }
  if (open.length > 0)
    report.add(
      `Other users may read or write ${formatSome(open.map(({ path }) => path))}.`,
      `Run chmod -R go= ${home}.`,
      {
        text: `set the permissions of ${formatCount(open.length, 'path')}`,
        needsLock: false,
        run: async () => {
          for (const { path, mode } of open) await chmod(path, mode)
        },
      },
    )
  if (foreign.length > 0)
    report.add(`Another user owns ${formatSome(foreign)}.`, `Run chown -R as root, so that this user owns ${home}.`)
  return report.finish()
}

/** The home and everything in it. Other folders than those of Segue are looked at, but not into. */
function listPaths(home: string): string[] {
  const paths = [home]
  for (const folder of ['.', 'files', 'profiles']) paths.push(...listFolder(join(home, folder)))
  for (const profile of listFolder(join(home, 'profiles')))
    paths.push(...listFolder(profile), ...listFolder(join(profile, 'files')))
  return [...new Set(paths)]
}

function listFolder(folder: string): string[] {
  try {
    return lstatSync(folder).isDirectory() ? readdirSync(folder).map((name) => join(folder, name)) : []
  } catch {
    return []
  }
}
