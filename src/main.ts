import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { closeOnSignal } from './cli/close-on-signal.ts'
import { exitWithError } from './cli/exit-with-error.ts'
import { formatStartError } from './cli/format-start-error.ts'
import { serverHelpText, isHelpRequested } from './config/command-line/help.ts'
import { readSettings } from './config/settings.ts'

// Compiling the modules takes about half of a start. The cache is beside the packages, where only their owner can write.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'))

// The AI SDK prints warnings for developers, one per request. They do not belong into the log.
globalThis.AI_SDK_LOG_WARNINGS = false

async function serve(argv: readonly string[]): Promise<void> {
  const settings = readSettings({ argv, env: process.env, homedir: homedir() })
  // Logs go to stderr. Stdout carries one line only, which says that the server is ready.
  const log = pino({ base: null }, pino.destination(2))
  for (const warning of settings.warnings) log.warn(warning)
  // Imported late, so that --help and wrong settings do not wait until the whole server is loaded.
  const [{ startSegue }, { graphqlPath }] = await Promise.all([
    import('./segue.ts'),
    import('./server/graphql/yoga.ts'),
  ])
  const segue = await startSegue({ settings, log, env: process.env })
  closeOnSignal(() => segue.close(), log)
  process.stdout.write(`Segue is ready: ${segue.url}${graphqlPath}\n`)
}

const argv = process.argv.slice(2)
if (isHelpRequested(argv)) process.stderr.write(`${serverHelpText}\n`)
else await serve(argv).catch((error: unknown) => exitWithError(formatStartError(error)))
