import Database from 'better-sqlite3'
import { openProfileDatabase } from '../../../src/storage/sqlite/database/open-profile-database.ts'

/** Where a transaction fails: before its statements, or when it is committed. */
export interface ConnectionFaults {
  /** The result code of SQLite that each commit fails with, for example `SQLITE_FULL`. Null: commits succeed. */
  commit: string | null
}

/** Opens databases whose commits fail as `faults` says. A failed transaction is rolled back, as by SQLite itself. */
export function openWithFaults(faults: ConnectionFaults): typeof openProfileDatabase {
  return (path, options) => {
    const connection = openProfileDatabase(path, options)
    const begin = connection.transaction.bind(connection)
    return new Proxy(connection, {
      get(target, key) {
        if (key === 'transaction') {
          return (work: () => unknown) =>
            begin(() => {
              const result = work()
              if (faults.commit !== null) throw new Database.SqliteError('injected', faults.commit)
              return result
            })
        }
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}
