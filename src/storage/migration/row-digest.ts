import { hash } from 'node:crypto'
import type { MigratedTable, StoredRow, StoredValue } from './migrated-tables.ts'

const modulus = 1n << 256n

/**
 * Counts and hashes the rows of a table: the sum of the SHA-256 of each row. Engines may read the rows of a table in different
 * orders; where the order means something, the hash of a row contains its place.
 */
export class RowDigest {
  readonly #columns: readonly string[]
  readonly #isOrdered: boolean
  #count = 0
  #sum = 0n

  constructor({ columns, isOrdered }: Pick<MigratedTable, 'columns' | 'isOrdered'>) {
    this.#columns = Object.keys(columns)
    this.#isOrdered = isOrdered
  }

  get count(): number {
    return this.#count
  }

  /** 64 hexadecimal digits. */
  get value(): string {
    return this.#sum.toString(16).padStart(64, '0')
  }

  add(row: StoredRow): void {
    const values: (StoredValue | undefined)[] = this.#columns.map((column) => row[column])
    if (this.#isOrdered) values.push(this.#count)
    this.#count += 1
    this.#sum = (this.#sum + BigInt(`0x${hash('sha256', JSON.stringify(values), 'hex')}`)) % modulus
  }
}
