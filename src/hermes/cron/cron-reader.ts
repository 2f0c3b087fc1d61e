import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JobRecord, JobRunRecord } from '../../model/job.ts'
import { takePage } from '../../storage/keyset-pagination.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { toJobRecord, parseJobsFile } from './jobs-file.ts'
import { parseRunOutput } from './run-output.ts'
import { readRuntimeStates } from './runtime-database.ts'
import { parsePythonTime, parseTimezone } from './python-time.ts'
import type { Logger } from '../../lib/logger.ts'

export interface CronReaderOptions {
  /** Hermes' home: its files lie in `cron` there. */
  readonly home: string
  readonly profile: string
  /** How long one call waits for a lock, in milliseconds. */
  readonly lockTimeoutMs: number
  readonly log: Logger
}

/** A session in which Hermes held a run of a job; `stamp` tells when it began, as the run's position tells its end. */
export interface CronSession {
  readonly id: string
  readonly startPosition: number
  readonly startedAt: number
  readonly endedAt: number | null
}

const maxFileBytes = 16_777_216 // bytes of a file; what is larger is not Hermes'

/**
 * The jobs of a Hermes home, read anew with each call: definitions from jobs.json, what has become of them from there
 * or from runtime.db, and runs from the files that they left. What is missing, damaged or somebody else's is left out,
 * and told once in the log.
 */
export class CronReader {
  readonly #options: CronReaderOptions
  readonly #unreadablePaths = new Set<string>()

  constructor(options: CronReaderOptions) {
    this.#options = options
  }

  /** In the order of the file. */
  listJobs(): JobRecord[] {
    const definitions = this.#tryRead((path) => parseJobsFile(readTextFile(path)), 'cron', 'jobs.json')
    if (!definitions?.length) return []
    const { profile, lockTimeoutMs } = this.#options
    const runtime = this.#tryRead((path) => readRuntimeStates(path, lockTimeoutMs), 'cron', 'runtime.db')
    const context = { profile, timezone: this.#readTimezone(), now: Date.now() }
    const jobs = new Map<string, JobRecord>()
    for (const definition of definitions) {
      const job = toJobRecord(definition, runtime?.get(String(definition.id)) ?? {}, context)
      if (job && !jobs.has(job.id)) jobs.set(job.id, job)
    }
    return [...jobs.values()]
  }

  findJob(id: string): JobRecord | null {
    return this.listJobs().find((job) => job.id === id) ?? null
  }

  /** A page of a job's runs, the newest first. `sessions` are those that its runs were held in, the newest first. */
  listRuns(job: JobRecord, page: PageRequest<number>, sessions: readonly CronSession[]): JobRunRecord[] {
    const { after, before } = page
    const outputs = this.#listOutputFiles(job.id)
    const selected = outputs.filter(
      ({ position }) => (after === null || position < after) && (before === null || position > before),
    )
    return takePage(selected, page).flatMap((file) => {
      const previous = outputs[outputs.indexOf(file) + 1]?.position ?? 0
      const session = sessions.find(({ startPosition: stamp }) => stamp <= file.position)
      return this.#readRun(job, file, session && session.startPosition > previous ? session : null) ?? []
    })
  }

  #readRun(job: JobRecord, { name, position }: OutputFile, session: CronSession | null): JobRunRecord | null {
    const document = this.#tryRead(readTextFile, 'cron', 'output', job.id, `${name}.md`)
    if (document === null) return null
    const { failed, output, error } = parseRunOutput(document, job.prompt)
    const savedAt =
      parsePythonTime(name.replace('_', 'T').replace(/(\d\d)-(\d\d)-(\d\d)$/, '$1:$2:$3'), job.timezone) ?? 0
    const startedAt = session?.startedAt ?? savedAt
    return {
      id: `${job.id}:${name}`,
      jobId: job.id,
      position,
      // Which runs were begun by hand is told nowhere.
      trigger: 'SCHEDULE',
      status: failed ? 'ERROR' : 'OK',
      scheduledFor: null,
      startedAt,
      finishedAt: Math.max(session?.endedAt ?? savedAt, startedAt),
      output,
      error,
      sessionId: session?.id ?? null,
    }
  }

  /** The newest first. A job whose id is no plain name has none: it would lead elsewhere. */
  #listOutputFiles(jobId: string): OutputFile[] {
    if (!/^\w[\w.-]{0,127}$/.test(jobId)) return []
    const list = (path: string): Dirent[] => readdirSync(path, { withFileTypes: true })
    const entries = this.#tryRead(list, 'cron', 'output', jobId) ?? []
    return entries
      .flatMap((entry) => {
        const [, name] = (entry.isFile() && /^(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)\.md$/.exec(entry.name)) || []
        return name === undefined ? [] : [{ name, position: Number(name.replaceAll(/\D/g, '')) }]
      })
      .sort((a, b) => b.position - a.position)
  }

  #readTimezone(): string {
    return parseTimezone(this.#tryRead(readTextFile, 'config.yaml') ?? '')
  }

  /** What is read of a path in the home; null when nothing is there, or nothing that can be read. */
  #tryRead<T>(read: (path: string) => T, ...names: string[]): T | null {
    const path = join(this.#options.home, ...names)
    const { log } = this.#options
    try {
      const result = statSync(path, { throwIfNoEntry: false }) ? read(path) : null
      if (this.#unreadablePaths.delete(path)) log.info({ path }, 'A file of the jobs of Hermes is read again')
      return result
    } catch (cause) {
      if (!this.#unreadablePaths.has(path)) {
        const error = cause instanceof Error ? cause.message : String(cause)
        log.warn(
          { path, error },
          'A file of the jobs of Hermes cannot be read: what it holds is left out until it can be',
        )
      }
      this.#unreadablePaths.add(path)
      return null
    }
  }
}

interface OutputFile {
  /** As in 2026-02-14_10-15-00: when it was written, by the clock on Hermes' wall. */
  readonly name: string
  /** The digits of its name. */
  readonly position: number
}

function readTextFile(path: string): string {
  const stats = statSync(path)
  // A pipe would keep the thread for ever.
  if (!stats.isFile()) throw new Error('it is no file')
  if (stats.size > maxFileBytes) throw new Error(`it has more than ${maxFileBytes} bytes`)
  return readFileSync(path, 'utf8')
}
