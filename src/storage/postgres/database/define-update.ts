import type { PostgresColumns, PostgresInsert } from './postgres-statement.ts'

/**
 * Defines an UPDATE of all columns of the rows with the same ids. `condition` compares the stored row, by the name of the
 * table, with the `new` one. It takes the same values as an INSERT; see `insertRows`.
 */
export function defineUpdate<Row extends { readonly id: string }>(
  name: string,
  table: string,
  columns: PostgresColumns<Row>,
  condition: string,
): PostgresInsert<Row> {
  const names = Object.keys(columns)
  const arrays = Object.values<string>(columns).map((type, index) => `$${index + 2}::${type}[]`)
  const assignments = names.filter((column) => column !== 'id').map((column) => `${column} = new.${column}`)
  const text = `UPDATE ${table} SET ${assignments.join(', ')}
    FROM unnest(${arrays.join(', ')}) AS new (${names.join(', ')})
    WHERE ${table}.profile = $1 AND ${table}.id = new.id AND ${condition}`
  return { name, text, columns }
}
