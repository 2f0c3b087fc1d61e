import { expect, test } from 'vitest'
import { noTrustedDocuments } from '../../../../src/config/http/trusted-documents.ts'
import { DocumentLoader } from '../../../../src/server/graphql/documents/document-loader.ts'
import { ErrorFormatter } from '../../../../src/server/graphql/error-formatter.ts'
import { OperationRunner } from '../../../../src/server/graphql/operation-runner.ts'
import { RecordingLogger } from '../../../support/recording-logger.ts'
import { startTestSegue, testLimits } from '../../../support/server/segue.ts'

test('what ends because its client has left is no failure: it is not logged', async () => {
  await using segue = await startTestSegue()
  const log = new RecordingLogger()
  const operations = new OperationRunner({
    profiles: segue.profiles,
    documents: new DocumentLoader(() => noTrustedDocuments),
    errors: new ErrorFormatter(log),
    readLimits: () => testLimits,
    usesPlans: false,
  })
  const query =
    'mutation { createJob(input: { name: "Often", prompt: "x", schedule: "* * * * *" }) { nextRuns(first: 9) } }'
  const leaving = new AbortController()
  const viewer = { name: null, role: 'ADMIN', profiles: 'all' } as const
  const operation = await operations.prepare({ query }, { viewer, signal: leaving.signal })
  if (!('args' in operation)) throw new Error('The operation is not valid.')
  leaving.abort()
  expect((await operations.execute(operation.args)).errors).toMatchObject([{ message: 'This operation was aborted' }])
  expect(log.lines).toEqual([])
  expect(await segue.defaultProfile.jobs.list()).toHaveLength(1)
})
