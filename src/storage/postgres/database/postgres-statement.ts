/** What a parameter of a statement can be. Arrays are for `= ANY($2::text[])` and `unnest`. */
export type PostgresValue = string | number | Buffer | null | readonly (string | number | null)[]

/** One statement. A connection prepares it once, under its name, which no other statement has. */
export interface PostgresStatement {
  readonly name: string
  readonly text: string
  /** Whether it may take minutes: it has no timeout then. Default: false. */
  readonly isLong?: boolean
}

/**
 * Runs the statements of one profile. $1 of every statement is the name of the profile, which is added here, so that no
 * statement reaches another profile's rows. `values` are $2, $3, …
 */
export interface PostgresConnection {
  readonly profile: string
  query<Row extends object>(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<Row[]>
}

/** Several statements that are committed together. Functions that write take one. */
export interface PostgresTransaction extends PostgresConnection {
  /** The fencing number of this process; see `ProcessLease`. */
  readonly process: number
  /** If `work` fails, what it has written is undone, and the transaction can go on. Throws StorageError. */
  attempt<Result>(work: () => Promise<Result>): Promise<Result>
  /** Resolves to the number of rows that were written. */
  execute(statement: PostgresStatement, values?: readonly PostgresValue[]): Promise<number>
  /** What this process does once the transaction is committed. */
  onCommitted(action: () => void): void
}

/** The types of columns that rows are inserted into. */
type ColumnType = 'text' | 'bigint' | 'smallint' | 'bytea'

/** The columns of a table, but for `profile`, and their types. */
export type PostgresColumns<Row> = Readonly<Record<keyof Row & string, ColumnType>>

/** An INSERT of any number of rows of one profile in one statement. */
export interface PostgresInsert<Row> extends PostgresStatement {
  readonly columns: PostgresColumns<Row>
}

/**
 * Defines an INSERT. `onConflict`: its last clauses, as `ON CONFLICT DO NOTHING` or `RETURNING id`. With DO UPDATE, no two
 * rows may have the same key.
 */
export function defineInsert<Row>(
  name: string,
  table: string,
  columns: PostgresColumns<Row>,
  onConflict = '',
): PostgresInsert<Row> {
  const names = Object.keys(columns)
  const arrays = Object.values<ColumnType>(columns).map((type, index) => `$${index + 2}::${type}[]`)
  const text = `INSERT INTO ${table} (profile, ${names.join(', ')}) SELECT $1, * FROM unnest(${arrays.join(', ')}) ${onConflict}`
  return { name, text, columns }
}

/** The values of an INSERT: one array for each column. */
export function toInsertValues<Row extends Record<keyof Row, string | number | null>>(
  { columns }: PostgresInsert<Row>,
  rows: readonly Row[],
): PostgresValue[] {
  return listKeys(columns).map((column) => rows.map((row) => row[column]))
}

/** Inserts rows; without any, nothing is run. Resolves to the number of rows that were written. */
export async function insertRows<Row extends Record<keyof Row, string | number | null>>(
  transaction: PostgresTransaction,
  insert: PostgresInsert<Row>,
  rows: readonly Row[],
): Promise<number> {
  return rows.length === 0 ? 0 : transaction.execute(insert, toInsertValues(insert, rows))
}

/** `SET a = excluded.a, b = excluded.b, …`, for all columns but these. */
export function setAllColumns<Row>(columns: PostgresColumns<Row>, except: readonly (keyof Row)[]): string {
  const updated = listKeys(columns).filter((column) => !except.includes(column))
  return `SET ${updated.map((column) => `${column} = excluded.${column}`).join(', ')}`
}

function listKeys<Columns extends object>(columns: Columns): (keyof Columns & string)[] {
  const keys: (keyof Columns & string)[] = []
  for (const key in columns) keys.push(key)
  return keys
}
