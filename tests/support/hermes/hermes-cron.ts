import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Json } from '../../../src/lib/text/json.ts'

export type CronFields = { readonly [key: string]: Json }

/** A job as Hermes creates it, every half hour; `fields` override its own. */
export function newHermesJob(fields: CronFields = {}): CronFields {
  return {
    id: 'a1b2c3d4e5f6',
    name: 'Birds',
    prompt: 'Which birds are back?',
    skills: [],
    skill: null,
    model: null,
    provider: null,
    base_url: null,
    script: null,
    no_agent: false,
    context_from: null,
    schedule: { kind: 'interval', minutes: 30, display: 'every 30m' },
    schedule_display: 'every 30m',
    repeat: { times: null, completed: 3 },
    enabled: true,
    state: 'scheduled',
    paused_at: null,
    paused_reason: null,
    created_at: '2026-11-20T09:00:00.123456+01:00',
    next_run_at: '2026-11-22T13:30:00+01:00',
    last_run_at: '2026-11-22T13:00:07.5+01:00',
    last_status: 'ok',
    last_error: null,
    last_delivery_error: null,
    deliver: 'local',
    origin: null,
    enabled_toolsets: null,
    workdir: null,
    ...fields,
  }
}

const definitionFields = new Set([
  ...['id', 'name', 'prompt', 'skills', 'skill', 'model', 'provider', 'base_url', 'script', 'no_agent'],
  ...['context_from', 'schedule', 'schedule_display', 'deliver', 'origin', 'enabled_toolsets', 'workdir', 'enabled'],
])

/** The cron folder of a home of Hermes, in either layout. */
export class HermesCron {
  readonly folder: string

  constructor(home: string) {
    this.folder = join(home, 'cron')
    mkdirSync(this.folder, { recursive: true })
  }

  /** Writes the older layout: everything in jobs.json. */
  writeCombined(jobs: readonly CronFields[]): void {
    this.writeRaw(JSON.stringify({ jobs, updated_at: '2026-11-22T12:00:00+01:00' }, null, 2))
  }

  /** Writes the newer layout: definitions in jobs.json, everything else in runtime.db. */
  writeSplit(jobs: readonly CronFields[]): void {
    this.writeCombined(
      jobs.map((job) => ({
        ...Object.fromEntries(Object.entries(job).filter(([key]) => definitionFields.has(key))),
        repeat: { times: readRepeat(job).times ?? null },
      })),
    )
    const db = this.openRuntimeDatabase()
    for (const job of jobs) {
      const state = Object.entries(job).filter(([key]) => !definitionFields.has(key) && key !== 'repeat')
      const completed = readRepeat(job).completed ?? 0
      this.writeState(db, String(job.id), { ...Object.fromEntries(state), repeat_completed: completed })
    }
    db.close()
  }

  writeRaw(text: string): void {
    writeFileSync(join(this.folder, 'jobs.json'), text)
  }

  /** Opens runtime.db and creates its tables. */
  openRuntimeDatabase(): Database.Database {
    const db = new Database(join(this.folder, 'runtime.db'))
    db.pragma('journal_mode = WAL')
    db.exec(`
      CREATE TABLE IF NOT EXISTS job_runtime (job_id TEXT PRIMARY KEY, state_json TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS pending_definitions (
        singleton INTEGER PRIMARY KEY CHECK(singleton = 1), definitions_json TEXT NOT NULL,
        generation_id TEXT, base_definitions_digest TEXT, removed_ids_json TEXT);`)
    return db
  }

  writeState(db: Database.Database, jobId: string, state: CronFields): void {
    db.prepare('INSERT OR REPLACE INTO job_runtime (job_id, state_json) VALUES (?, ?)').run(
      jobId,
      JSON.stringify(state),
    )
  }

  /** Opens executions.db and creates its table as Hermes 0.19 does, but for what a column may contain. */
  openExecutionsDatabase(): Database.Database {
    const db = new Database(join(this.folder, 'executions.db'))
    db.pragma('journal_mode = WAL')
    db.exec(`
      CREATE TABLE IF NOT EXISTS executions (
        id TEXT PRIMARY KEY, job_id TEXT, source TEXT, process_id TEXT, pid INTEGER, process_started_at INTEGER,
        status TEXT, claimed_at TEXT, started_at TEXT, finished_at TEXT, error TEXT);
      CREATE INDEX IF NOT EXISTS idx_executions_job_claimed ON executions(job_id, claimed_at DESC, id DESC);
      CREATE INDEX IF NOT EXISTS idx_executions_status_claimed ON executions(status, claimed_at DESC, id DESC);`)
    return db
  }

  /** Writes executions, by default of a dead process; `fields` override the rest. */
  writeExecutions(executions: readonly CronFields[]): void {
    const db = this.openExecutionsDatabase()
    const insert = db.prepare(
      `INSERT OR REPLACE INTO executions VALUES (@id, @job_id, @source, @process_id, @pid, @process_started_at, @status,
         @claimed_at, @started_at, @finished_at, @error)`,
    )
    db.transaction(() => {
      for (const fields of executions) insert.run({ ...newExecution(), ...fields })
    })()
    db.close()
  }

  /** Writes the output file of a run and returns its path. `name`: as in 2026-11-22_13-00-07. */
  writeOutput(jobId: string, name: string, document: string): string {
    const folder = join(this.folder, 'output', jobId)
    mkdirSync(folder, { recursive: true })
    const path = join(folder, `${name}.md`)
    writeFileSync(path, document)
    return path
  }
}

/** A run of the job of `newHermesJob` that succeeded. */
function newExecution(): CronFields {
  return {
    id: '1'.repeat(32),
    job_id: 'a1b2c3d4e5f6',
    source: 'builtin',
    process_id: '2'.repeat(32),
    pid: 2 ** 22 + 1, // more than Linux gives out
    process_started_at: 100,
    status: 'completed',
    claimed_at: '2026-11-22T13:00:00.250000+01:00',
    started_at: '2026-11-22T13:00:00.750125+01:00',
    finished_at: '2026-11-22T13:00:09.500000+01:00',
    error: null,
  }
}

/** A process, by default that of this test, as the owner of an execution, as Hermes stores it on Linux. */
export function readOwnExecutionOwner(pid = process.pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fieldsFromTheThird = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, process_started_at: Number(fieldsFromTheThird[19]) }
}

/** The beginning of every document of a run. */
function formatDocumentHead(title: string, prompt: string): string {
  return `# Cron Job: ${title}

**Job ID:** a1b2c3d4e5f6
**Run Time:** 2026-11-22 13:00:07
**Schedule:** every 30m

## Prompt

${prompt}
`
}

export function formatResponseDocument(response: string, prompt = 'Which birds are back?'): string {
  return `${formatDocumentHead('Birds', prompt)}
## Response

${response}
`
}

export function formatErrorDocument(error: string, prompt = 'Which birds are back?'): string {
  return `${formatDocumentHead('Birds (FAILED)', prompt)}
## Error

\`\`\`
${error}
\`\`\`
`
}

function readRepeat(job: CronFields): CronFields {
  return typeof job.repeat === 'object' && job.repeat !== null && !Array.isArray(job.repeat) ? job.repeat : {}
}
