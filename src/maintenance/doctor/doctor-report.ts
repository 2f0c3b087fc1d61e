import { formatCount } from '../../lib/lists/format-count.ts'
import type { FixReport } from './apply-fixes.ts'
import type { CheckResult, Finding } from './finding.ts'
import type { SalvageReport } from './salvage-conversations.ts'

/** Everything that a run of doctor has found and done. */
export interface DoctorReport {
  readonly home: string
  readonly results: readonly CheckResult[]
  /** Null without --fix. */
  readonly fixes: FixReport | null
  /** By profile. Null without --salvage. */
  readonly salvaged: Readonly<Record<string, SalvageReport>> | null
}

/** Whether nothing is wrong any more. */
export function isHealthy({ results }: DoctorReport): boolean {
  return results.every(({ findings }) => findings.length === 0)
}

/** The report for programs. */
export function toDoctorJson(report: DoctorReport): string {
  const toJson = ({ fix, ...finding }: Finding) => ({ ...finding, fixable: fix !== null })
  const { home, results, fixes, salvaged } = report
  return JSON.stringify(
    {
      home,
      healthy: isHealthy(report),
      checks: results.map(({ check, profile, detail, findings }) => ({
        check,
        profile,
        detail,
        healthy: findings.length === 0,
      })),
      findings: results.flatMap(({ findings }) => findings.map(toJson)),
      fixes,
      salvaged,
    },
    null,
    2,
  )
}

/** The report for people: a line for each check, and under it what is wrong and what to do. */
export function formatDoctorReport(report: DoctorReport): string {
  const { results, fixes, salvaged } = report
  const findings = results.flatMap((result) => result.findings)
  const lines = results.flatMap(formatResult)
  for (const text of fixes?.done ?? []) lines.push(`fixed    ${text}`)
  for (const note of fixes?.notes ?? []) lines.push(`note     ${note}`)
  for (const [profile, { files, lost }] of Object.entries(salvaged ?? {})) {
    lines.push(
      `salvaged ${formatCount(files.length, 'conversation')} of the profile ${profile}`,
      ...files.map((file) => `           ${file}`),
    )
    for (const { sessionId, reason } of lost) lines.push(`lost     the session ${sessionId}: ${reason}`)
  }
  const fixable = findings.filter(({ fix }) => fix !== null).length
  const hint = fixable > 0 && fixes === null ? `, of which --fix repairs ${fixable}` : ''
  lines.push(
    '',
    findings.length === 0 ? 'Everything is healthy.' : `${formatCount(findings.length, 'problem')} found${hint}.`,
  )
  return `${lines.join('\n')}\n`
}

function formatResult({ check, profile, detail, findings }: CheckResult): string[] {
  const name = profile === null ? check : `${check} of ${profile}`
  if (findings.length === 0) return [`ok       ${name}${detail === null ? '' : `: ${detail}`}`]
  return findings.flatMap(({ problem, remedy }) => [`problem  ${name}: ${problem}`, `           ${remedy}`])
}
