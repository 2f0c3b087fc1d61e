import { type DestinationStream, type Logger, pino } from 'pino'
import type { LogLevel } from '../lib/logger.ts'
import { getLogContext } from '../lib/telemetry/log-context.ts'
import { redactKnownSecrets } from '../lib/text/known-secrets.ts'

/**
 * Creates the log, which goes to stderr: stdout carries the lines that say where the server is, or a document. Each entry is a
 * line of JSON, or coloured text if a person reads it on a terminal. It has the ids of the request, the session and the stream
 * that it is about, and no known secret.
 */
export async function createLogger(level: LogLevel): Promise<Logger> {
  return createLoggerTo(
    process.stderr.isTTY ? await createPrettyStream() : pino.destination({ dest: 2, sync: true }),
    level,
  )
}

/** Like `createLogger`, with another destination. */
export function createLoggerTo(destination: DestinationStream, level: LogLevel): Logger {
  return pino(
    { base: null, level, mixin: () => ({ ...getLogContext() }), hooks: { streamWrite: redactKnownSecrets } },
    destination,
  )
}

async function createPrettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination: 2, sync: true, colorize: true, translateTime: 'SYS:HH:MM:ss.l' })
}
