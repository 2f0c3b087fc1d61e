import { HomeInUseError, UnusableHomeError } from '../../storage/errors.ts'
import type { HomeLock } from '../../storage/home-lock.ts'
import type { CheckResult, Fix } from './finding.ts'
import type { HomeUnderCheck } from './home-under-check.ts'

export interface FixReport {
  /** What was done. */
  readonly done: readonly string[]
  /** Why something was not done: sentences. */
  readonly notes: readonly string[]
}

/** Applies the fixes of all findings. Those that change what a server uses are left out while one runs. */
export async function applyFixes(results: readonly CheckResult[], home: HomeUnderCheck): Promise<FixReport> {
  const fixes = results.flatMap(({ findings }) => findings.flatMap(({ fix }) => fix ?? []))
  const done: string[] = []
  const notes: string[] = []
  for (const fix of fixes.filter(({ needsLock }) => !needsLock)) await applyFix(fix, { done, notes })
  const locked = fixes.filter(({ needsLock }) => needsLock)
  const lock = locked.length > 0 ? tryLock(home, notes) : null
  try {
    // Several findings may have the same cure.
    const byText = new Map(locked.map((fix) => [fix.text, fix]))
    if (lock) for (const fix of byText.values()) await applyFix(fix, { done, notes })
  } finally {
    lock?.release()
  }
  return { done, notes }
}

function tryLock({ paths, storage }: HomeUnderCheck, notes: string[]): HomeLock | null {
  try {
    return storage.lockHome(paths.home)
  } catch (error) {
    if (!(error instanceof HomeInUseError || error instanceof UnusableHomeError)) throw error
    notes.push(`${error.message} What a server uses was not repaired.`)
    return null
  }
}

async function applyFix(
  { text, run }: Fix,
  { done, notes }: { readonly done: string[]; readonly notes: string[] },
): Promise<void> {
  try {
    await run()
    done.push(text)
  } catch (error) {
    notes.push(`This could not be done: ${text} (${error instanceof Error ? error.message : String(error)}).`)
  }
}
