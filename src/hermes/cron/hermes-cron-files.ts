import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Json } from '../../lib/text/json.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import { type HermesJobFields, parseHermesJobsFile } from './hermes-jobs-file.ts'
import { type HermesOutputFile, isOutputFolderName, listHermesOutputFiles } from './runs/hermes-output-file.ts'
import { parseHermesTimezone } from './python-time.ts'
import { type HermesExecution, readHermesExecutions } from './runs/read-hermes-executions.ts'
import { readHermesJobStates } from './read-hermes-job-states.ts'

/** Where runs come from: executions.db, or output files and sessions if there is none that can be read. */
export type HermesJobRunSource = 'EXECUTIONS' | 'TRACES'

export type HermesCronFilesOptions = Pick<HermesReaderOptions, 'path' | 'lockTimeoutMs' | 'log'>

const maxFileBytes = 16_777_216 // Hermes writes no larger ones

/**
 * The files of a Hermes agent's jobs, read again with every call. What is missing or cannot be read is left out. A file that
 * cannot be read is logged once.
 */
export class HermesCronFiles {
  readonly #options: HermesCronFilesOptions
  readonly #home: string
  readonly #unreadablePaths = new Set<string>()

  constructor(options: HermesCronFilesOptions) {
    this.#options = options
    this.#home = dirname(options.path)
  }

  readTimezone(): string {
    return parseHermesTimezone(this.#tryRead('', readTextFile, 'config.yaml') ?? '')
  }

  /** The jobs of jobs.json, in its order. Null if there is a file that cannot be read. */
  readJobDefinitions(): readonly HermesJobFields[] | null {
    return this.#tryRead([], (path) => parseHermesJobsFile(readTextFile(path)), 'cron', 'jobs.json')
  }

  /** The fields of runtime.db, by job id. */
  readJobStates(): ReadonlyMap<string, { readonly [key: string]: Json }> {
    const read = (path: string) => readHermesJobStates(path, this.#getLockTimeoutMs(path))
    return this.#tryRead(new Map(), read, 'cron', 'runtime.db') ?? new Map()
  }

  /** The executions of a job, or of all jobs. Null if there is no executions.db that can be read. */
  readExecutions(jobId: string | null, timezone: string): readonly HermesExecution[] | null {
    const read = (path: string) =>
      readHermesExecutions(path, { jobId, timezone, lockTimeoutMs: this.#getLockTimeoutMs(path) })
    return this.#tryRead(null, read, 'cron', 'executions.db')
  }

  /** The output files of a job, the latest first. */
  listOutputFiles(jobId: string, timezone: string): HermesOutputFile[] {
    if (!isOutputFolderName(jobId)) return []
    return this.#tryRead([], (path) => listHermesOutputFiles(path, timezone), 'cron', 'output', jobId) ?? []
  }

  /** The ids of all jobs that have an output folder. */
  listOutputJobIds(): string[] {
    const entries = this.#tryRead([], (path) => readdirSync(path, { withFileTypes: true }), 'cron', 'output') ?? []
    return entries.filter((entry) => entry.isDirectory() && isOutputFolderName(entry.name)).map(({ name }) => name)
  }

  /** A text that changes with each write to the files that runs come from, and the time of the latest write. */
  readRunStamp(source: HermesJobRunSource): { readonly stamp: string; readonly latestWriteAt: number } {
    const outputs = join(this.#home, 'cron', 'output')
    const databases =
      source === 'EXECUTIONS' ? [join(this.#home, 'cron', 'executions.db')] : [this.#options.path, outputs]
    const folders = source === 'EXECUTIONS' ? [] : this.listOutputJobIds().map((id) => join(outputs, id))
    // The first commit after a start of Hermes goes to the WAL.
    const paths = [...databases.flatMap((path) => [path, `${path}-wal`]), ...folders]
    // Reading a database makes an empty WAL, which is gone again after that.
    const stats = paths.map(tryStat).map((each) => (each && each.size > 0 ? each : undefined))
    return {
      stamp: stats.map((each) => (each ? `${each.ino} ${each.size} ${each.mtimeMs} ${each.ctimeMs}` : '')).join('\n'),
      latestWriteAt: Math.max(0, ...stats.flatMap((each) => (each ? [each.mtimeMs, each.ctimeMs] : []))),
    }
  }

  /** The text of an output file. Null if it cannot be read. */
  readOutputFile(jobId: string, { name }: HermesOutputFile): string | null {
    return this.#tryRead(null, readTextFile, 'cron', 'output', jobId, `${name}.md`)
  }

  /** After a lock that outlasted the timeout, no call waits until the file can be read again. */
  #getLockTimeoutMs(path: string): number {
    return this.#unreadablePaths.has(path) ? 0 : this.#options.lockTimeoutMs
  }

  /** `missing` if there is nothing at the path; null if what is there cannot be read. */
  #tryRead<T>(missing: T, read: (path: string) => T, ...names: string[]): T | null {
    const path = join(this.#home, ...names)
    const { log } = this.#options
    try {
      const result = statSync(path, { throwIfNoEntry: false }) ? read(path) : missing
      if (this.#unreadablePaths.delete(path)) log.info({ path }, "A file of Hermes' jobs can be read again.")
      return result
    } catch (cause) {
      if (!this.#unreadablePaths.has(path)) {
        const error = cause instanceof Error ? cause.message : String(cause)
        log.warn({ path, error }, "A file of Hermes' jobs cannot be read. Its contents are left out until it can be.")
      }
      this.#unreadablePaths.add(path)
      return null
    }
  }
}

function tryStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined // a folder that must not be searched
  }
}

function readTextFile(path: string): string {
  const stats = statSync(path)
  // Reading a pipe would block the worker for ever.
  if (!stats.isFile()) throw new Error('This is not a regular file.')
  if (stats.size > maxFileBytes) throw new Error(`The file has more than ${maxFileBytes} bytes.`)
  return readFileSync(path, 'utf8')
}
