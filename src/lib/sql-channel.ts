import { channel } from 'node:diagnostics_channel'

/** A statement that SQLite has run, published on the diagnostics channel `segue:sql`. */
export interface ExecutedSqlStatement {
  /** Whose database it is: Segue's own, or a Hermes state.db. */
  readonly database: 'segue' | 'hermes'
  readonly path: string
  /** The text of the statement, with its values filled in. */
  readonly sql: string
}

const sqlChannel = channel('segue:sql')

/** Whether anybody in this thread listens. */
export function hasSqlStatementSubscribers(): boolean {
  return sqlChannel.hasSubscribers
}

export function publishSqlStatement(statement: ExecutedSqlStatement): void {
  sqlChannel.publish(statement)
}

/** Calls `listener` for each statement of this thread until the returned subscription is disposed. */
export function subscribeToSqlStatements(listener: (statement: ExecutedSqlStatement) => void): Disposable {
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
export function createSqlStatementPublisher(
  database: ExecutedSqlStatement['database'],
  path: string,
): ((sql: unknown) => void) | undefined {
  return sqlChannel.hasSubscribers ? (sql) => publishSqlStatement({ database, path, sql: String(sql) }) : undefined
}

function isSqlStatement(message: unknown): message is ExecutedSqlStatement {
  return typeof message === 'object' && message !== null && 'database' in message && 'sql' in message
}
