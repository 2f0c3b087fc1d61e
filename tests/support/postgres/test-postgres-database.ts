import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'

/** The database that others are copied from. */
export const templateName = 'segue_template'

/** Creates an empty database. It has had the migrations unless `template` says otherwise. Dropped when the test has ended. */
export async function createTestDatabase(template = templateName): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await runOnServer(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  onTestFinished(() => runOnServer(`DROP DATABASE ${name} WITH (FORCE)`))
  return inject('postgresUrl').replace(/\/postgres$/, `/${name}`)
}

async function runOnServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
