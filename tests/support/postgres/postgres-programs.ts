import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Of the user `nobody` in Debian. */
export const nobody = 65_534

const debianFolder = '/usr/lib/postgresql'

/** The folder of PostgreSQL's own programs: Debian's newest version, or the first in PATH. */
export function findPostgresPrograms(): string {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(debianFolder, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  const folder = folders.find((path) => existsSync(join(path, 'initdb')) && existsSync(join(path, 'postgres')))
  if (folder === undefined) throw new Error('These tests need PostgreSQL. Install it: apt-get install postgresql.')
  return folder
}

/**
 * The command that runs a program as a user who may run PostgreSQL: it refuses root. The program is stopped with the process
 * that starts it.
 */
export function toUnprivilegedCommand(command: readonly string[]): [program: string, ...args: string[]] {
  const user = process.getuid?.() === 0 ? ['--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'] : []
  return ['setpriv', '--pdeathsig', 'QUIT', ...user, ...command]
}
