import { homedir } from 'node:os'
import { pino } from 'pino'
import { isHelpRequested, helpText } from './config/command-line/help.ts'
import { readSettings, type Settings } from './config/settings.ts'
import { exitWithError, formatCliError } from './cli/format-startup-error.ts'

/** How long an end may take before the process ends all the same, in milliseconds. */
const shutdownTimeoutMs = 1500

// Standard output belongs to the one line that says that the server is ready.
const log = pino({ base: null }, pino.destination(2))

async function serve(settings: Settings): Promise<void> {
  for (const warning of settings.warnings) log.warn(warning)
  // Loaded only now: to be told what is wrong, or how to start, nobody waits for all of the server.
  const [{ startSegue }, { graphqlPath }] = await Promise.all([
    import('./segue.ts'),
    import('./server/graphql/yoga.ts'),
  ])
  const segue = await startSegue({ settings, log, env: process.env })
  let isStopping = false
  const stop = async (signal: string): Promise<void> => {
    // A Ctrl-C comes twice, from the terminal and from npm: the second one must not cut short what the first began.
    if (isStopping) return
    isStopping = true
    log.info({ signal }, 'stopping')
    setTimeout(() => process.exit(0), shutdownTimeoutMs).unref()
    await segue.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal))
  process.stdout.write(`Segue is ready: ${segue.url}${graphqlPath}\n`)
}

/** What a person can mend of a start with these settings, said in words. */
function formatStartError(error: unknown, { host, port }: Settings): unknown {
  if (error instanceof Error && 'code' in error && 'syscall' in error && error.syscall === 'listen') {
    if (error.code === 'EADDRINUSE') {
      return `Port ${port} is in use on ${host}. Stop what listens there, or choose another with --port (0: any free one).`
    }
    if (error.code === 'EACCES') return `Port ${port} on ${host} is not open to this user: ${error.message}`
  }
  return formatCliError(error)
}

const argv = process.argv.slice(2)
if (isHelpRequested(argv)) {
  process.stderr.write(`${helpText}\n`)
} else {
  try {
    const settings = readSettings({ argv, env: process.env, homedir: homedir() })
    await serve(settings).catch((error: unknown) => exitWithError(formatStartError(error, settings)))
  } catch (error) {
    exitWithError(formatCliError(error))
  }
}
