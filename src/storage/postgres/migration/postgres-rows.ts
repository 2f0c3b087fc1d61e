import { z } from 'zod'
import { measureRow } from '../../migration/batch-rows.ts'
import { type MigratedTable, migratedFeeds, type StoredRow } from '../../migration/migrated-tables.ts'
import type { PostgresValue } from '../database/postgres-statement.ts'
import type { MigrationConnection } from './migration-connection.ts'

const maxFetchedRows = 1_000
/** Characters of the rows of one FETCH, about: the next ones are fewer. */
const maxFetchedLength = 1_048_576

/** Where the rows of a table are, with $1 for the profile, unless it is the table itself. */
const sources: Readonly<Record<string, string>> = {
  read_marks_start: '(SELECT read_marks_start AS at FROM profiles WHERE name = $1) AS stored',
  change_sequences: `change_sequences WHERE profile = $1 AND feed = ANY('{${migratedFeeds.join(',')}}')`,
}

/** In the order in which they were stored where that means something: by the number that each row got. */
export async function* readPostgresRows(
  connection: MigrationConnection,
  profile: string,
  { name, columns, isOrdered }: MigratedTable,
): AsyncGenerator<StoredRow> {
  const source = sources[name] ?? `${name} WHERE profile = $1`
  const order = isOrdered ? 'ORDER BY number' : ''
  const select = `SELECT ${Object.keys(columns).join(', ')} FROM ${source} ${order}`
  await connection.query(`DECLARE migrated NO SCROLL CURSOR FOR ${select}`, [profile])
  try {
    for (let count = 1; ;) {
      const rows = await connection.query(`FETCH ${count} FROM migrated`)
      yield* rows
      if (rows.length < count) return
      const length = rows.reduce((sum, row) => sum + measureRow(row), 0)
      count = Math.max(1, Math.min(maxFetchedRows, 2 * count, Math.floor((maxFetchedLength / (length + 1)) * count)))
    }
  } finally {
    await connection.query('CLOSE migrated')
  }
}

/** Columns that PostgreSQL has besides, because it cannot read all JSON; see the migrations. */
const derivedColumns: Readonly<Record<string, Readonly<Record<string, DerivedColumn>>>> = {
  messages: {
    steered_stream_id: { type: 'text', derive: (row) => parseSteering(row)?.streamId ?? null },
    steered_seq: { type: 'bigint', derive: (row) => parseSteering(row)?.acceptedSeq ?? null },
  },
  decisions: { tool_call_id: { type: 'text', derive: (row) => parseDecision(row)?.toolCall.id ?? null } },
}

interface DerivedColumn {
  readonly type: 'text' | 'bigint'
  readonly derive: (row: StoredRow) => string | number | null
}

const steeringSchema = z.object({ streamId: z.string(), acceptedSeq: z.number() })
const decisionSchema = z.object({ toolCall: z.object({ id: z.string() }) })

function parseSteering({ steering }: StoredRow): z.infer<typeof steeringSchema> | null {
  return typeof steering === 'string' ? steeringSchema.parse(JSON.parse(steering)) : null
}

function parseDecision({ body }: StoredRow): z.infer<typeof decisionSchema> | null {
  return typeof body === 'string' ? decisionSchema.parse(JSON.parse(body)) : null
}

/** Inserts rows in their order. Rows that every profile has are replaced. */
export async function insertPostgresRows(
  connection: MigrationConnection,
  profile: string,
  { name, columns }: MigratedTable,
  rows: readonly StoredRow[],
): Promise<void> {
  if (name === 'read_marks_start') {
    for (const { at = 0 } of rows)
      await connection.query('UPDATE profiles SET read_marks_start = $2::bigint WHERE name = $1', [profile, at])
    return
  }
  const derived = Object.entries(derivedColumns[name] ?? {})
  const types = { ...columns, ...Object.fromEntries(derived.map(([column, { type }]) => [column, type])) }
  const names = Object.keys(types)
  const values: PostgresValue[] = names.map((column) => {
    const derive = derivedColumns[name]?.[column]?.derive ?? ((row: StoredRow) => row[column] ?? null)
    return rows.map(derive)
  })
  const arrays = Object.values(types).map((type, index) => `$${index + 2}::${type}[]`)
  const onConflict =
    name === 'change_sequences' ? 'ON CONFLICT (profile, feed) DO UPDATE SET latest = excluded.latest' : ''
  await connection.query(
    `INSERT INTO ${name} (profile, ${names.join(', ')}) SELECT $1, * FROM unnest(${arrays.join(', ')}) ${onConflict}`,
    [profile, ...values],
  )
}
