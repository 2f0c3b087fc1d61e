import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256Hex } from '../../../src/lib/text/sha256.ts'
import { graphqlPath } from '../../../src/server/graphql/graphql-path.ts'
import { newHome, startTestSegue, type TestSegue } from '../../support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../../support/server/server-process.ts'

describe.each([true, false])('A server with the settings of the tests, with fast paths: %s', (usesFastPaths) => {
  let segue: TestSegue
  beforeAll(async () => {
    segue = await startTestSegue({ usesFastPaths })
  })
  afterAll(() => segue[Symbol.asyncDispose]())

  testAudits(() => segue.url, fetch)
})

describe('A server with tokens, default limits, metrics, and a log of everything', () => {
  const token = 'token-of-the-audits'
  const home = newHome()
  let server: ServerProcess
  beforeAll(async () => {
    const tokens = [{ name: 'audits', sha256: sha256Hex(token), role: 'user' }]
    writeFileSync(join(home, 'config.json'), JSON.stringify({ tokens }))
    server = await startServerProcess({ argv: ['--port', '0', '--home', home, '--no-hermes', '--log-level', 'debug'] })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })

  testAudits(
    () => server.url,
    (input: RequestInfo | URL, init?: RequestInit) => {
      const headers = new Headers(init?.headers)
      headers.set('authorization', `Bearer ${token}`)
      return fetch(input, { ...init, headers })
    },
  )
})

function testAudits(url: () => string, fetchFn: typeof fetch): void {
  const audits = serverAudits({ url: () => url() + graphqlPath, fetchFn })

  test('The suite of graphql-http has 61 audits', () => {
    expect(audits).toHaveLength(61)
  })

  test.each(audits)('$id $name', async ({ fn }) => {
    // Recommendations (SHOULD, MAY) count as well.
    expect(await fn()).toMatchObject({ status: 'ok' })
  })
}
