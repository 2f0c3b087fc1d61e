import { pino, type Logger } from 'pino'

/** Writes warnings and errors of a command to stderr. */
export function createCliLogger(): Logger {
  return pino({ base: null, level: 'warn' }, pino.destination({ dest: 2, sync: true }))
}
