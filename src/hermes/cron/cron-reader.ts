import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JobRecord, JobRunRecord } from '../../model/job.ts'
import { cut } from '../../storage/keyset-pagination.ts'
import type { PageRequest } from '../../storage/session-reader.ts'
import { cronJob, definitionsOf } from './jobs-file.ts'
import { readOutput } from './run-output.ts'
import { readRuntime } from './runtime-database.ts'
import { timeOf, timezoneOf } from './python-time.ts'
import type { HermesLog } from '../state/state-database.ts'

export interface CronFilesOptions {
  /** Hermes' home: its files lie in `cron` there. */
  readonly home: string
  readonly profile: string
  /** How long one call waits for a lock, in milliseconds. */
  readonly patience: number
  readonly log: HermesLog
}

/** A session in which Hermes held a run of a job; `stamp` tells when it began, as the run's position tells its end. */
export interface CronSession {
  readonly id: string
  readonly stamp: number
  readonly startedAt: number
  readonly endedAt: number | null
}

const largest = 16_777_216 // bytes of a file; what is larger is not Hermes'

/**
 * The jobs of a Hermes home, read anew with each call: definitions from jobs.json, what has become of them from there
 * or from runtime.db, and runs from the files that they left. What is missing, damaged or somebody else's is left out,
 * and told once in the log.
 */
export class CronFiles {
  readonly #options: CronFilesOptions
  readonly #faults = new Set<string>()

  constructor(options: CronFilesOptions) {
    this.#options = options
  }

  /** In the order of the file. */
  jobs(): JobRecord[] {
    const definitions = this.#read((path) => definitionsOf(readText(path)), 'cron', 'jobs.json')
    if (!definitions?.length) return []
    const { profile, patience } = this.#options
    const runtime = this.#read((path) => readRuntime(path, patience), 'cron', 'runtime.db')
    const context = { profile, timezone: this.#timezone(), now: Date.now() }
    const jobs = new Map<string, JobRecord>()
    for (const definition of definitions) {
      const job = cronJob(definition, runtime?.get(String(definition.id)) ?? {}, context)
      if (job && !jobs.has(job.id)) jobs.set(job.id, job)
    }
    return [...jobs.values()]
  }

  job(id: string): JobRecord | null {
    return this.jobs().find((job) => job.id === id) ?? null
  }

  /** A page of a job's runs, the newest first. `sessions` are those that its runs were held in, the newest first. */
  runPage(job: JobRecord, page: PageRequest<number>, sessions: readonly CronSession[]): JobRunRecord[] {
    const { after, before } = page
    const outputs = this.#outputs(job.id)
    const asked = outputs.filter(
      ({ position }) => (after === null || position < after) && (before === null || position > before),
    )
    return cut(asked, page).flatMap((file) => {
      const previous = outputs[outputs.indexOf(file) + 1]?.position ?? 0
      const session = sessions.find(({ stamp }) => stamp <= file.position)
      return this.#run(job, file, session && session.stamp > previous ? session : null) ?? []
    })
  }

  #run(job: JobRecord, { name, position }: OutputFile, session: CronSession | null): JobRunRecord | null {
    const document = this.#read(readText, 'cron', 'output', job.id, `${name}.md`)
    if (document === null) return null
    const { failed, output, error } = readOutput(document, job.prompt)
    const savedAt = timeOf(name.replace('_', 'T').replace(/(\d\d)-(\d\d)-(\d\d)$/, '$1:$2:$3'), job.timezone) ?? 0
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
  #outputs(jobId: string): OutputFile[] {
    if (!/^\w[\w.-]{0,127}$/.test(jobId)) return []
    const list = (path: string): Dirent[] => readdirSync(path, { withFileTypes: true })
    const entries = this.#read(list, 'cron', 'output', jobId) ?? []
    return entries
      .flatMap((entry) => {
        const [, name] = (entry.isFile() && /^(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)\.md$/.exec(entry.name)) || []
        return name === undefined ? [] : [{ name, position: Number(name.replaceAll(/\D/g, '')) }]
      })
      .sort((a, b) => b.position - a.position)
  }

  #timezone(): string {
    return timezoneOf(this.#read(readText, 'config.yaml') ?? '')
  }

  /** What is read of a path in the home; null when nothing is there, or nothing that can be read. */
  #read<T>(read: (path: string) => T, ...names: string[]): T | null {
    const path = join(this.#options.home, ...names)
    const { log } = this.#options
    try {
      const result = statSync(path, { throwIfNoEntry: false }) ? read(path) : null
      if (this.#faults.delete(path)) log.info({ path }, 'A file of the jobs of Hermes is read again')
      return result
    } catch (fault) {
      if (!this.#faults.has(path)) {
        const error = fault instanceof Error ? fault.message : String(fault)
        log.warn(
          { path, error },
          'A file of the jobs of Hermes cannot be read: what it holds is left out until it can be',
        )
      }
      this.#faults.add(path)
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

function readText(path: string): string {
  const stats = statSync(path)
  // A pipe would keep the thread for ever.
  if (!stats.isFile()) throw new Error('it is no file')
  if (stats.size > largest) throw new Error(`it has more than ${largest} bytes`)
  return readFileSync(path, 'utf8')
}
