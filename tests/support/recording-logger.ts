import type { Logger, LogLevel } from '../../src/lib/logger.ts'

export interface LogEntry {
  readonly level: LogLevel
  readonly fields: object
  readonly message: string
}

/** A logger that records its entries. */
export class RecordingLogger implements Logger {
  readonly entries: LogEntry[] = []
  /** Each entry as `level: message`. */
  readonly lines: string[] = []
  /** The `err` of each entry that has one. */
  readonly errors: unknown[] = []
  readonly #onEntry: (entry: LogEntry) => void

  constructor(onEntry: (entry: LogEntry) => void = () => undefined) {
    this.#onEntry = onEntry
  }

  readonly debug = this.#record('debug')
  readonly info = this.#record('info')
  readonly warn = this.#record('warn')
  readonly error = this.#record('error')

  #record(level: LogLevel): Logger[LogLevel] {
    return (fields, message) => {
      this.entries.push({ level, fields, message })
      this.lines.push(`${level}: ${message}`)
      if ('err' in fields) this.errors.push(fields.err)
      this.#onEntry({ level, fields, message })
    }
  }
}
