import type { Page } from 'playwright-core'
import { createSegueClient } from '../../../client/src/index.ts'
import type { CreateJobInput } from '../../src/graphql/generated/graphql.ts'

const createJob = 'mutation ($input: CreateJobInput!) { createJob(input: $input) { id } }'

/** Makes a job as another client does, due once a year unless `input` says otherwise. Returns its id. */
export async function makeJob(url: string, input: Partial<CreateJobInput> = {}): Promise<string> {
  const client = createSegueClient({ url })
  const variables = { input: { name: 'Birds', prompt: 'Which birds are back?', schedule: '0 9 1 1 *', ...input } }
  const { createJob: job } = await client.request<{ readonly createJob: { readonly id: string } }>(createJob, variables)
  client.close()
  return job.id
}

/** The parts of the page that tests of jobs use. */
export function findJobs(page: Page) {
  return {
    jobs: page.getByRole('list', { name: 'Jobs', exact: true }).getByRole('listitem'),
    hermesJobs: page.getByRole('list', { name: 'Hermes' }).getByRole('listitem'),
    runs: page.getByRole('list', { name: 'Runs' }).locator('> li'),
    facts: page.locator('dl'),
    preview: page.getByRole('region', { name: 'Next runs' }),
    button: (name: string) => page.getByRole('button', { name, exact: true }),
  }
}
