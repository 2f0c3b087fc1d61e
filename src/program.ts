import { homedir } from 'node:os'
import { closeOnSignal } from './cli/process/close-on-signal.ts'
import { exitOnFailure } from './cli/process/exit-on-failure.ts'
import { exitWithError } from './cli/exit-with-error.ts'
import { formatCliError } from './cli/format-cli-error.ts'
import { formatStartError } from './cli/format-start-error.ts'
import { reloadOnHangUp } from './cli/process/reload-on-hang-up.ts'
import { findSubcommandName } from './config/command-line/cli-subcommand.ts'
import { serverHelpText, isHelpRequested } from './config/command-line/help.ts'
import { listDatabaseSecrets, listEnvironmentSecrets, listProfileSecrets } from './config/list-secrets.ts'
import { readSettings } from './config/settings.ts'
import { segueVersion } from './config/command-line/segue-version.ts'
import { registerSecrets } from './lib/text/known-secrets.ts'
import { createLogger } from './observability/create-logger.ts'

// The AI SDK prints warnings for developers, one per request. They do not belong into the log.
globalThis.AI_SDK_LOG_WARNINGS = false

async function serve(argv: readonly string[]): Promise<void> {
  const readServerSettings = () => readSettings({ argv, env: process.env, homedir: homedir() })
  registerSecrets(listEnvironmentSecrets(process.env))
  const settings = readServerSettings()
  registerSecrets([...listProfileSecrets(settings), ...listDatabaseSecrets(settings.database)])
  const log = await createLogger(settings.logLevel)
  for (const warning of settings.warnings) log.warn(warning)
  // Imported late, so that --help and wrong settings do not wait until the whole server is loaded.
  const [{ startSegue }, { graphqlPath }, { builtWebAppFolder, hasWebApp }] = await Promise.all([
    import('./segue.ts'),
    import('./server/graphql/graphql-path.ts'),
    import('./server/web-app/web-app-handler.ts'),
  ])
  const webAppFolder = hasWebApp(builtWebAppFolder) ? builtWebAppFolder : null
  const segue = await startSegue({ settings, readSettings: readServerSettings, log, env: process.env, webAppFolder })
  let hasFailed = false
  void segue.failed.then(() => (hasFailed = true))
  closeOnSignal({
    close: (graceMs) => segue.close(graceMs),
    hasFailed: () => hasFailed,
    graceMs: settings.graceMs,
    log,
  })
  reloadOnHangUp(() => segue.profiles.reloadConfig(), log)
  void exitOnFailure(segue, log)
  process.stdout.write(`Segue is ready: ${segue.url}${graphqlPath}\n`)
  if (webAppFolder !== null) process.stdout.write(`The app is at ${segue.url}/\n`)
  else log.info('The web app is not built, so that / leads to the playground. Run npm run build -- web.')
}

async function runSubcommand(argv: readonly string[]): Promise<void> {
  const { runCliSubcommand } = await import('./cli/run-cli-subcommand.ts')
  await runCliSubcommand(argv)
}

// The program `segue`: the server, or one of the other commands.
const argv = process.argv.slice(2)
if (argv.includes('--version')) process.stdout.write(`${segueVersion}\n`)
else if (findSubcommandName(argv) !== null) {
  await runSubcommand(argv).catch((error: unknown) => exitWithError(formatCliError(error)))
} else if (isHelpRequested(argv)) process.stderr.write(`${serverHelpText}\n`)
else await serve(argv).catch((error: unknown) => exitWithError(formatStartError(error)))
