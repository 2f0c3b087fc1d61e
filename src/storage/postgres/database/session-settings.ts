import pg from 'pg'
import { readProcessId, toEndUnacknowledgedSql } from './connection-timeouts.ts'

type Connection = Pick<pg.ClientBase, 'query'>

/**
 * What statements need: the schema, and limits that keep a process that hangs from stopping others. They are set once for a
 * connection. Through a pooler such as PgBouncer, where each transaction may run on another session of PostgreSQL, they are set
 * in each transaction, and statements have no names, because a session would know those of others.
 */
export class SessionSettings {
  readonly #settings: readonly string[]
  readonly #pooled = new WeakSet<object>()

  /** `schema`: of the installation. `values`: PostgreSQL's parameters; times are milliseconds. */
  constructor(schema: string, values: Readonly<Record<string, number>>) {
    const limits = Object.entries(values).map(([name, value]) => `${name} = ${value}`)
    this.#settings = [`search_path = ${pg.escapeIdentifier(schema)}`, ...limits]
  }

  /** Call it for each new connection. */
  async prepare(client: Connection): Promise<void> {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    // A pooler gives its clients numbers of its own.
    if (rows[0]?.pid === readProcessId(client))
      await client.query(`${this.#toSql('SET')}; ${toEndUnacknowledgedSql(client)}`)
    else this.#pooled.add(client)
  }

  /** Whether the connection is one to a pooler. */
  isPooled(client: Connection): boolean {
    return this.#pooled.has(client)
  }

  /** SQL that begins a transaction with these settings. */
  toBegin(client: Connection, begin: string): string {
    return this.isPooled(client) ? `${begin}; ${this.#toSql('SET LOCAL')}` : begin
  }

  #toSql(set: 'SET' | 'SET LOCAL'): string {
    return this.#settings.map((setting) => `${set} ${setting}`).join('; ')
  }
}
