import { type Dirent, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { clampTimestamp } from '../../state/cell-values.ts'
import { type HermesLocalTime, parseLocalTimeName } from '../parse-local-time-name.ts'
import { LocalTimeResolver } from './local-time-resolver.ts'

/** An output file of a run. */
export interface HermesOutputFile {
  /** Hermes' local time when the file was saved, without the file extension, as in 2026-02-14_10-15-00. */
  readonly name: string
  readonly localTime: HermesLocalTime
  /** The instants with this local time: two in the hour that a DST change repeats. */
  readonly instants: readonly number[]
  /** The most likely one of them. */
  readonly savedAt: number
}

/** Whether a job's output folder is named after it. As a path, another id could lead outside. */
export function isOutputFolderName(jobId: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(jobId)
}

/** The output files in the folder of a job, the latest first. Throws if the folder cannot be read. */
export function listHermesOutputFiles(folder: string, timezone: string): HermesOutputFile[] {
  const resolver = new LocalTimeResolver(timezone)
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => toOutputFile(folder, entry, resolver) ?? [])
    .toSorted((a, b) => b.savedAt - a.savedAt || b.localTime.digits - a.localTime.digits)
}

function toOutputFile(folder: string, entry: Dirent, resolver: LocalTimeResolver): HermesOutputFile | null {
  const [, name] = (entry.isFile() && /^(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)\.md$/.exec(entry.name)) || []
  if (name === undefined) return null
  const localTime = parseLocalTimeName(name)
  const instants = resolver.listInstants(localTime.ms)
  const savedAt = instants.length > 1 ? selectNearest(instants, readWriteTime(join(folder, entry.name))) : instants[0]
  return { name, localTime, instants, savedAt: clampTimestamp(savedAt ?? 0) }
}

/** 0 if the file was deleted in the meantime. */
function readWriteTime(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function selectNearest(instants: readonly number[], instant: number): number | undefined {
  return instants.toSorted((a, b) => Math.abs(a - instant) - Math.abs(b - instant))[0]
}
