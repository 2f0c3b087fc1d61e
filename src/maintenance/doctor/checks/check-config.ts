import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type ProfileSettings, readProfileSettings } from '../../../config/profile/profile-settings.ts'
import { SettingsError } from '../../../config/settings-error.ts'
import { readSettings } from '../../../config/settings.ts'
import { defaultProfileName } from '../../../profiles/profile-name.ts'
import { CheckReport, type CheckResult } from '../finding.ts'
import type { HomeUnderCheck, ProfileUnderCheck } from '../home-under-check.ts'

export interface ConfigCheck {
  readonly result: CheckResult
  /** Null if they are not valid. */
  readonly settings: Pick<ProfileSettings, 'providers' | 'mcpServers'> | null
}

/** Reads the settings of a profile as the server does. */
export function checkConfig({ name, folder }: ProfileUnderCheck, home: HomeUnderCheck): ConfigCheck {
  const report = new CheckReport('config', name)
  const path = join(folder, 'config.json')
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats && !stats.isFile()) {
    report.add(`${path} is not a file.`, 'Move it away, and write the settings into a file.')
    return { result: report.finish(), settings: null }
  }
  try {
    const settings = readProfile({ name, folder }, home)
    for (const warning of settings.warnings) report.add(warning, 'Correct config.json, or the environment.')
    return { result: report.finish(stats ? path : 'no config.json'), settings }
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    for (const problem of error.problems) report.add(problem, 'Correct it: the server does not start with it.')
    return { result: report.finish(), settings: null }
  }
}

function readProfile({ name, folder }: Pick<ProfileUnderCheck, 'name' | 'folder'>, { env, homedir }: HomeUnderCheck) {
  return name === defaultProfileName
    ? readSettings({ argv: [`--home=${folder}`], env, homedir })
    : readProfileSettings({ env, homedir, home: folder })
}
