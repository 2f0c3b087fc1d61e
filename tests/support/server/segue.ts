import { findDatabaseOfHome } from '../postgres/database-of-home.ts'
import { noTrustedDocuments } from '../../../src/config/http/trusted-documents.ts'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultLimits } from '../../../src/config/limits.ts'
import { readSettings, type Settings } from '../../../src/config/settings.ts'
import { localAccess } from '../config/local-access.ts'
import { createLoggerTo } from '../../../src/observability/create-logger.ts'
import { type Segue, type SegueOptions, startSegue } from '../../../src/segue.ts'
import { SegueProfileDatabase } from '../../../src/storage/sqlite/segue-profile-database.ts'

/** `SEGUE_FAST_PATHS=off` runs any test on the slow paths, whose responses must be the same. */
const usesFastPaths = process.env['SEGUE_FAST_PATHS'] !== 'off'

export interface TestSegue extends Segue, AsyncDisposable {
  readonly home: string
  /** Log lines of level warn and above. */
  readonly warnings: string[]
}

/** Tests select everything, of whole logs and lists, at once. The limits themselves have tests of their own. */
export const testLimits = {
  ...defaultLimits,
  querySeconds: 60,
  cost: 1_000_000_000,
  tokens: 1_000_000,
  aliases: 100_000,
  depth: 1000,
}

export interface TestSegueOptions extends Pick<
  SegueOptions,
  'heartbeat' | 'createToolSource' | 'webAppFolder' | 'usesFastPaths'
> {
  readonly settings?: Partial<Settings>
  /** The environment variables with API keys. Empty by default. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Starts the server in this process, on a free port and in a new home unless `settings` names one. The offline agent answers
 * without delay, Hermes is disabled, and no request goes to a provider except for answers. `await using` closes the server
 * and removes a home that was created here.
 */
export async function startTestSegue({
  settings = {},
  env = {},
  ...options
}: TestSegueOptions = {}): Promise<TestSegue> {
  const home = settings.home ?? newHome()
  const warnings: string[] = []
  const log = createLoggerTo({ write: (line) => void warnings.push(line) }, 'warn')
  const segue = await startSegue({
    settings: {
      port: 0,
      ...localAccess,
      hermesHome: null,
      model: null,
      providers: [],
      mcpServers: [],
      approvals: {},
      prices: {},
      budgets: { answer: null, day: null },
      currency: 'USD',
      generateTitles: false,
      offersClarify: true,
      autoCompactThreshold: 0,
      database: await findDatabaseOfHome(home),
      durable: false,
      logLevel: 'warn',
      graceMs: 0,
      trustedDocuments: noTrustedDocuments,
      offlineDelayMs: 0,
      limits: testLimits,
      warnings: [],
      ...settings,
      home,
    },
    log,
    env,
    usesFastPaths,
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

/** Starts the server with command line flags, in this process, which is much faster. Reads nothing of the user's. */
export function startTestSegueWithFlags({ argv }: { readonly argv: readonly string[] }): Promise<TestSegue> {
  const { database: _, ...settings } = readSettings({ argv, env: {}, homedir: tmpdir() })
  return startTestSegue({ settings: { ...settings, limits: testLimits } })
}

export function newTempFolder(): string {
  return mkdtempSync(join(tmpdir(), 'segue-test-'))
}

/** A new home with an empty database. */
export function newHome(): string {
  const home = newTempFolder()
  writeEmptyDatabase(join(home, 'segue.db'))
  return home
}

/** Writes the empty database of a profile. Copying one is much faster than running all migrations. */
export function writeEmptyDatabase(path: string): void {
  writeFileSync(path, (emptyDatabase ??= buildEmptyDatabase()))
}

let emptyDatabase: Buffer | null = null

function buildEmptyDatabase(): Buffer {
  const folder = newTempFolder()
  const path = join(folder, 'segue.db')
  const database = new SegueProfileDatabase(path)
  database.transaction(() => undefined)
  database.close()
  const bytes = readFileSync(path)
  rmSync(folder, { recursive: true })
  return bytes
}
