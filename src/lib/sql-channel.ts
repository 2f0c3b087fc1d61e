import { channel } from 'node:diagnostics_channel'

/** A statement that SQLite has run, published on the diagnostics channel `segue:sql`. */
export interface SqlStatement {
  /** Whose database it is: Segue's own, or a Hermes state.db. */
  readonly database: 'segue' | 'hermes'
  readonly path: string
  /** The text of the statement, with its values filled in. */
  readonly sql: string
}

const sqlChannel = channel('segue:sql')

/** Whether anybody in this thread listens. */
export function hasStatementSubscribers(): boolean {
  return sqlChannel.hasSubscribers
}

export function publishStatement(statement: SqlStatement): void {
  sqlChannel.publish(statement)
}

/** Calls `listener` for each statement of this thread until the returned subscription is disposed. */
export function subscribeToStatements(listener: (statement: SqlStatement) => void): Disposable {
  const onMessage = (message: unknown): void => {
    if (isSqlStatement(message)) listener(message)
  }
  sqlChannel.subscribe(onMessage)
  return { [Symbol.dispose]: () => void sqlChannel.unsubscribe(onMessage) }
}

/**
 * The `verbose` option of a better-sqlite3 connection. Undefined without a subscriber, because SQLite would format every
 * statement in vain: subscribe before the connection is opened.
 */
export function statementPublisher(
  database: SqlStatement['database'],
  path: string,
): ((sql: unknown) => void) | undefined {
  return sqlChannel.hasSubscribers ? (sql) => publishStatement({ database, path, sql: String(sql) }) : undefined
}

function isSqlStatement(message: unknown): message is SqlStatement {
  return typeof message === 'object' && message !== null && 'database' in message && 'sql' in message
}
