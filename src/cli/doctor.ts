import { homedir } from 'node:os'
import { resolve } from 'node:path'
import type { MaintenanceCommand } from '../config/command-line/maintenance-command.ts'
import { applyFixes } from '../maintenance/doctor/apply-fixes.ts'
import { type DoctorReport, formatDoctorReport, isHealthy, toDoctorJson } from '../maintenance/doctor/doctor-report.ts'
import { type Examination, examineHome } from '../maintenance/doctor/examine-home.ts'
import type { HomeUnderCheck } from '../maintenance/doctor/home-under-check.ts'
import { salvageConversations, type SalvageReport } from '../maintenance/doctor/salvage-conversations.ts'
import { sqliteDoctorStorage } from './storage/sqlite-doctor-storage.ts'
import { sqliteTransferStorage } from './storage/sqlite-transfer-storage.ts'

type DoctorCommand = Extract<MaintenanceCommand, { readonly name: 'doctor' }>

/** Runs `segue doctor`: prints what is wrong to stdout. The exit status is 0 if nothing is, otherwise 1. */
export async function runDoctor(
  { paths, database, fix, json, salvage }: DoctorCommand,
  workingDirectory: string,
): Promise<void> {
  const home: HomeUnderCheck = { paths, database, env: process.env, homedir: homedir(), storage: sqliteDoctorStorage }
  let examination = await examineHome(home)
  const fixes = fix ? await applyFixes(examination.results, home) : null
  if (fixes && fixes.done.length > 0) examination = await examineHome(home)
  const report: DoctorReport = {
    home: paths.home,
    results: examination.results,
    fixes,
    salvaged: salvage === null ? null : await salvageAll(examination, home, resolve(workingDirectory, salvage)),
  }
  process.stdout.write(json ? `${toDoctorJson(report)}\n` : formatDoctorReport(report))
  process.exitCode = isHealthy(report) ? 0 : 1
}

async function salvageAll(
  { damagedProfiles }: Examination,
  home: HomeUnderCheck,
  output: string,
): Promise<Record<string, SalvageReport>> {
  const reports: Record<string, SalvageReport> = {}
  for (const profile of damagedProfiles)
    reports[profile.name] = await salvageConversations(profile, { home, output, storage: sqliteTransferStorage })
  return reports
}
