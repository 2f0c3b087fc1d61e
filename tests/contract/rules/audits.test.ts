import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { graphqlPath } from '../../../src/server/graphql/yoga.ts'
import { startTestSegue, type TestSegue } from '../../support/server/segue.ts'

let segue: TestSegue
beforeAll(async () => {
  segue = await startTestSegue()
})
afterAll(() => segue[Symbol.asyncDispose]())

const audits = serverAudits({ url: () => segue.url + graphqlPath, fetchFn: fetch })

test('The suite of graphql-http has 61 audits', () => {
  expect(audits).toHaveLength(61)
})

test.each(audits)('$id $name', async ({ fn }) => {
  // Recommendations (SHOULD, MAY) count as well.
  expect(await fn()).toMatchObject({ status: 'ok' })
})
