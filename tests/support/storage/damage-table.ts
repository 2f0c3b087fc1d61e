import { closeSync, openSync, writeSync } from 'node:fs'
import { TestDatabase } from './test-database.ts'

/** Overwrites the first page of a table in a database that nobody has open. Returns the number of the page. */
export function damageTable(path: string, table: string): number {
  const [page, pageSize] = readPlace(path, table)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(pageSize, 0xff), 0, pageSize, (page - 1) * pageSize)
  closeSync(file)
  return page
}

function readPlace(path: string, table: string): [page: number, pageSize: number] {
  using database = new TestDatabase(path)
  const page = database.value('SELECT rootpage FROM sqlite_schema WHERE name = ?', table)
  return [Number(page), Number(database.value('PRAGMA page_size'))]
}
