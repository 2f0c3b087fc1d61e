import { statSync } from 'node:fs'
import { inspectStateDatabase } from '../../../hermes/state/inspect-state-database.ts'
import { toHermesDatabasePath } from '../../../profiles/profile-paths.ts'
import { CheckReport, type CheckResult } from '../finding.ts'
import type { ProfileUnderCheck } from '../home-under-check.ts'

/** Checks whether the files of a profile's Hermes agent can be read. They are never changed. */
export function checkHermes({ name, hermesFolder }: ProfileUnderCheck): CheckResult | null {
  if (hermesFolder === null) return null
  const report = new CheckReport('hermes', name)
  const path = toHermesDatabasePath(hermesFolder)
  const { health, message, missing } = inspectStateDatabase(path)
  if (health === 'missing') return report.finish('no state.db')
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (health === 'incomplete')
    report.add(
      `${path} lacks ${missing.join(', ')}.`,
      'Start Hermes once, so that it migrates its database, or update it. What they would contain is left out.',
    )
  else if (health !== 'healthy') report.add(`${path}: ${message}`, remedies[health] ?? '')
  return report.finish(`${(size / 1024 / 1024).toFixed(1)} MiB`)
}

const remedies: Readonly<Record<string, string>> = {
  locked: 'Wait until Hermes has finished what it does, or stop it, and try again.',
  corrupt: "Restore the file from a backup of Hermes, or with the sqlite3 program's .recover. Segue only reads it.",
  ioError: 'Check the disk.',
  unreadable: 'Let the user who runs Segue read the file and write to its folder, or name another with --hermes-home.',
  unexpected: 'Try again. If it stays, report it.',
}
