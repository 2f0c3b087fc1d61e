/** From the least to the most important. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const

export type LogLevel = (typeof logLevels)[number]

/** Writes one entry: `fields` are its structured data, with an error under `err`. */
export type LogMethod = (fields: object, message: string) => void

/** The methods of pino's logger that Segue uses. Pino's own logger has this type. */
export type Logger = Readonly<Record<LogLevel, LogMethod>>

/** Discards every entry. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
