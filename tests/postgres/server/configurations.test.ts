import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startOnPostgres } from '../../support/postgres/start-on-postgres.ts'
import { useTestDatabase } from '../../support/postgres/test-postgres-database.ts'

const askReadiness = async (url: string): Promise<unknown> => (await fetch(`${url}/ready`)).json()

test('/ready says that servers have different configurations, until they have the same one', async () => {
  const url = await useTestDatabase()
  await using first = await startOnPostgres(url)
  await using second = await startOnPostgres(url)
  expect(await askReadiness(first.url)).toEqual({ status: 'ready', problems: [] })
  writeFileSync(join(second.home, 'INSTRUCTIONS.md'), 'Be brief.')
  const problem = { component: 'configuration', message: expect.stringContaining('have different configurations') }
  for (const server of [first, second])
    await expect.poll(() => askReadiness(server.url)).toEqual({ status: 'ready', problems: [problem] })
  writeFileSync(join(first.home, 'INSTRUCTIONS.md'), 'Be brief.')
  for (const server of [first, second])
    await expect.poll(() => askReadiness(server.url)).toEqual({ status: 'ready', problems: [] })
})
