import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { startOnPostgres } from '../../support/postgres/start-on-postgres.ts'
import { createTestDatabase, useTestDatabase } from '../../support/postgres/test-postgres-database.ts'
import { runToEnd } from '../../support/server/server-process.ts'
import { newTempFolder } from '../../support/server/segue.ts'

const reportSchema = z.object({
  checks: z.array(z.object({ check: z.string(), profile: z.string().nullable(), detail: z.string().nullable() })),
  findings: z.array(z.object({ check: z.string(), problem: z.string(), remedy: z.string() })),
})

/** What `segue doctor` says of the database. */
async function examine(url: string) {
  const home = join(newTempFolder(), 'home')
  mkdirSync(home, { mode: 0o700 })
  const env = { SEGUE_DATABASE_URL: url }
  const { stdout, stderr } = await runToEnd({ argv: ['doctor', '--json', '--no-hermes', '--home', home], env })
  expect(stdout + stderr).not.toContain('top-secret-word')
  const { checks, findings } = reportSchema.parse(JSON.parse(stdout))
  return {
    detail: checks.find(({ check, profile }) => check === 'database' && profile === null)?.detail,
    findings: findings.filter(({ check }) => check === 'database'),
  }
}

test('doctor says how many servers use a database', async () => {
  const url = await useTestDatabase()
  await using servers = new AsyncDisposableStack()
  for (let count = 0; count < 2; count += 1) servers.use(await startOnPostgres(url))
  expect(await examine(url)).toMatchObject({
    detail: expect.stringMatching(/^PostgreSQL \d.*, 2 running servers$/),
    findings: [],
  })
})

test('doctor creates nothing in an empty database', async () => {
  const url = await createTestDatabase()
  for (let round = 0; round < 2; round += 1)
    expect(await examine(url)).toMatchObject({ detail: expect.stringMatching(/, no tables yet$/), findings: [] })
})

test('doctor says why a database cannot be used, without its password', async () => {
  const { findings } = await examine('postgres://segue:top-secret-word@127.0.0.1:9/segue')
  expect(findings).toMatchObject([
    { problem: expect.stringContaining('The database cannot be used: connect ECONNREFUSED') },
  ])
})
