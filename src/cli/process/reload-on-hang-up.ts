import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { Logger } from '../../lib/logger.ts'

/**
 * Reads the configuration again at each SIGHUP, as daemons do. A terminal that is closed sends the same signal: a server that
 * was started in it stops then, as it would with SIGTERM.
 */
export function reloadOnHangUp(reload: () => Promise<void>, log: Logger): void {
  const hadTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  process.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) return void process.kill(process.pid, 'SIGTERM')
    log.info({ signal: 'SIGHUP' }, 'Reading the configuration again.')
    void reload().then(() => log.info({}, 'The configuration is read.'))
  })
}

/** Whether the terminal that started the process is open. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
