import type { StoredRow } from './migrated-tables.ts'

const maxRows = 1_000
/** Characters of all texts of a batch, unless it is a single row. */
const maxLength = 1_048_576

/** As many rows at a time as are written at once. */
export async function* batchRows(rows: AsyncIterable<StoredRow>): AsyncGenerator<StoredRow[]> {
  let [batch, length]: [StoredRow[], number] = [[], 0]
  for await (const row of rows) {
    batch.push(row)
    length += measureRow(row)
    if (batch.length < maxRows && length < maxLength) continue
    yield batch
    ;[batch, length] = [[], 0]
  }
  if (batch.length > 0) yield batch
}

/** The characters of all texts of a row. */
export function measureRow(row: StoredRow): number {
  let length = 0
  for (const value of Object.values(row)) if (typeof value === 'string') length += value.length
  return length
}
