import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PageRequest } from '../../lib/pagination.ts'
import type { JobRecord, JobRunRecord } from '../../model/job.ts'
import { takePage } from '../../storage/keyset-pagination.ts'
import type { HermesReaderOptions } from '../hermes-options.ts'
import { parseHermesJobsFile, toHermesJobRecord } from './hermes-jobs-file.ts'
import { parsePythonTime, parseHermesTimezone } from './python-time.ts'
import { parseHermesJobOutput } from './run-output.ts'
import { readHermesJobStates } from './read-hermes-job-states.ts'

export type HermesCronReaderOptions = Pick<HermesReaderOptions, 'path' | 'profile' | 'lockTimeoutMs' | 'log'>

/** A session in which Hermes ran a job. */
export interface HermesCronSession {
  readonly id: string
  /** When the run started, as digits of Hermes' local time: comparable with the position of a run, which is its end. */
  readonly startPosition: number
  readonly startedAt: number
  readonly endedAt: number | null
}

/** An output file of a run. */
interface OutputFile {
  /** Hermes' local time when the file was written, as in 2026-02-14_10-15-00. */
  readonly name: string
  /** The digits of the name. */
  readonly position: number
}

const maxFileBytes = 16_777_216 // Hermes writes no larger ones

/**
 * The jobs of a Hermes agent, read again with every call: definitions from jobs.json, their state from there or from
 * runtime.db, and runs from the output files. Files that are missing or cannot be read are left out; the latter are logged
 * once.
 */
export class HermesCronReader {
  readonly #options: HermesCronReaderOptions
  readonly #home: string
  readonly #unreadablePaths = new Set<string>()

  constructor(options: HermesCronReaderOptions) {
    this.#options = options
    this.#home = dirname(options.path)
  }

  /** In the order of jobs.json. */
  listJobs(): JobRecord[] {
    const definitions = this.#tryRead((path) => parseHermesJobsFile(readTextFile(path)), 'cron', 'jobs.json')
    if (!definitions?.length) return []
    const { profile, lockTimeoutMs } = this.#options
    const runtime = this.#tryRead((path) => readHermesJobStates(path, lockTimeoutMs), 'cron', 'runtime.db')
    const context = { profile, timezone: this.#readTimezone(), now: Date.now() }
    const jobs = new Map<string, JobRecord>()
    for (const definition of definitions) {
      const job = toHermesJobRecord(definition, runtime?.get(String(definition.id)) ?? {}, context)
      if (job && !jobs.has(job.id)) jobs.set(job.id, job)
    }
    return [...jobs.values()]
  }

  findJob(id: string): JobRecord | null {
    return this.listJobs().find((job) => job.id === id) ?? null
  }

  /** A page of a job's runs, newest first. `sessions`: the job's sessions, newest first. */
  listRuns(job: JobRecord, page: PageRequest<number>, sessions: readonly HermesCronSession[]): JobRunRecord[] {
    const { after, before } = page
    const outputs = this.#listOutputFiles(job.id)
    const selected = outputs.filter(
      ({ position }) => (after === null || position < after) && (before === null || position > before),
    )
    return takePage(selected, page).flatMap((file) => {
      const previousPosition = outputs[outputs.indexOf(file) + 1]?.position ?? 0
      const session = sessions.find(({ startPosition }) => startPosition <= file.position)
      return this.#readRun(job, file, session && session.startPosition > previousPosition ? session : null) ?? []
    })
  }

  #readRun(job: JobRecord, { name, position }: OutputFile, session: HermesCronSession | null): JobRunRecord | null {
    const document = this.#tryRead(readTextFile, 'cron', 'output', job.id, `${name}.md`)
    if (document === null) return null
    const { failed, output, error } = parseHermesJobOutput(document, job.prompt)
    const isoTime = name.replace('_', 'T').replace(/(\d\d)-(\d\d)-(\d\d)$/, '$1:$2:$3')
    const savedAt = parsePythonTime(isoTime, job.timezone) ?? 0
    const startedAt = session?.startedAt ?? savedAt
    return {
      id: `${job.id}:${name}`,
      jobId: job.id,
      position,
      // Hermes does not record which runs were started by hand.
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

  /** Newest first. A job whose id is not a plain name has none: as a path, it could lead outside of the folder. */
  #listOutputFiles(jobId: string): OutputFile[] {
    if (!/^\w[\w.-]{0,127}$/.test(jobId)) return []
    const listFolder = (path: string): Dirent[] => readdirSync(path, { withFileTypes: true })
    const entries = this.#tryRead(listFolder, 'cron', 'output', jobId) ?? []
    return entries
      .flatMap((entry) => {
        const [, name] = (entry.isFile() && /^(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)\.md$/.exec(entry.name)) || []
        return name === undefined ? [] : [{ name, position: Number(name.replaceAll(/\D/g, '')) }]
      })
      .sort((a, b) => b.position - a.position)
  }

  #readTimezone(): string {
    return parseHermesTimezone(this.#tryRead(readTextFile, 'config.yaml') ?? '')
  }

  /** Null if there is nothing at the path, or nothing that can be read. */
  #tryRead<T>(read: (path: string) => T, ...names: string[]): T | null {
    const path = join(this.#home, ...names)
    const { log } = this.#options
    try {
      const result = statSync(path, { throwIfNoEntry: false }) ? read(path) : null
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

function readTextFile(path: string): string {
  const stats = statSync(path)
  // Reading a pipe would block the worker for ever.
  if (!stats.isFile()) throw new Error('This is not a regular file.')
  if (stats.size > maxFileBytes) throw new Error(`The file has more than ${maxFileBytes} bytes.`)
  return readFileSync(path, 'utf8')
}
