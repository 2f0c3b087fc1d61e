/** The servers of a chaos run: one, or several with the same database. */
export interface ChaosServers {
  /** How often one was killed. */
  readonly kills: number
  /** The codes of errors that only tell that a server, or its database, does not answer at this moment. */
  readonly unavailableCodes: readonly string[]
  /** The URL of the API of one of them, once it is ready. */
  url(): Promise<string>
  /** Kills one as `kill -9` does, and starts it again. */
  kill(): Promise<void>
  stop(): Promise<void>
}
