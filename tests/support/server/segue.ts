import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { defaultLimits } from '../../../src/config/limits.ts'
import { readSettings, type Settings } from '../../../src/config/settings.ts'
import { type Segue, type SegueOptions, startSegue } from '../../../src/segue.ts'
import { SqliteDatabase } from '../../../src/storage/sqlite/database/sqlite-database.ts'

export interface TestSegue extends Segue, AsyncDisposable {
  readonly home: string
  /** Lines that were logged as warnings or worse. */
  readonly warnings: string[]
}

export interface TestSegueOptions extends Pick<SegueOptions, 'onStatement' | 'heartbeat' | 'createToolSource'> {
  readonly settings?: Partial<Settings>
  /** Where keys are looked up; empty unless told. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * The whole server in this process, on a free port and in a new home (or the one given), with the offline agent at full
 * speed, no Hermes, and no request to a provider but for answers, unless asked for. `await using` closes it; a home that was made here is removed.
 */
export async function startTestSegue({
  settings = {},
  env = {},
  ...options
}: TestSegueOptions = {}): Promise<TestSegue> {
  const home = settings.home ?? newHome()
  const warnings: string[] = []
  const log = pino({ level: 'warn', base: null }, { write: (line: string) => void warnings.push(line) })
  const segue = await startSegue({
    settings: {
      port: 0,
      host: '127.0.0.1',
      hermesHome: null,
      model: null,
      providers: [],
      mcpServers: [],
      approvals: {},
      generateTitles: false,
      autoCompactThreshold: 0,
      durable: false,
      offlineDelayMs: 0,
      limits: defaultLimits,
      warnings: [],
      ...settings,
      home,
    },
    log,
    env,
    ...options,
  })
  return {
    ...segue,
    home,
    warnings,
    [Symbol.asyncDispose]: async () => {
      await segue.close()
      if (!settings.home) rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The server that the program would be with these flags, in this process: it starts much faster. Finds nothing of the user. */
export function startTestSegueWithFlags({ argv }: { readonly argv: readonly string[] }): Promise<TestSegue> {
  return startTestSegue({ settings: readSettings({ argv, env: {}, homedir: tmpdir() }) })
}

export function newTempFolder(): string {
  return mkdtempSync(join(tmpdir(), 'segue-test-'))
}

/** The folder of a server that was started before, and kept nothing: its database need not be made first, which takes long. */
export function newHome(): string {
  const home = newTempFolder()
  writeFileSync(join(home, 'segue.db'), (emptyDatabase ??= buildEmptyDatabase()))
  return home
}

let emptyDatabase: Buffer | null = null

function buildEmptyDatabase(): Buffer {
  const folder = newTempFolder()
  const path = join(folder, 'segue.db')
  const database = new SqliteDatabase(path)
  database.transaction(() => undefined)
  database.close()
  const bytes = readFileSync(path)
  rmSync(folder, { recursive: true })
  return bytes
}
