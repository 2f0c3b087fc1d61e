import { setTimeout as pause } from 'node:timers/promises'
import { ask, requireNonNull, mutate } from './typed-client.ts'
import type { Client } from './clients.ts'
import {
  CreateJobDocument,
  type CreateJobMutationVariables,
  JobNodeDocument,
  type JobRunFieldsFragment,
  JobRunNodeDocument,
  type JobRunNowFragment,
  JobRunsDocument,
  RunJobDocument,
} from '../generated/graphql.ts'

export type JobRun = JobRunFieldsFragment & JobRunNowFragment

/** A schedule that is due once a year, and not soon. */
export const yearlySchedule = '0 9 29 2 *'

/** Creates a job that is not due during a test, unless the input says otherwise. */
export async function newJob(client: Client, overrides: Partial<CreateJobMutationVariables> = {}) {
  const job = {
    name: 'Birds',
    prompt: 'Which birds are back?',
    schedule: yearlySchedule,
    timezone: 'UTC',
    ...overrides,
  }
  return (await mutate(client, CreateJobDocument, job)).createJob
}

export async function loadJob(client: Client, id: string) {
  const { node } = await ask(client, JobNodeDocument, { id })
  if (node?.__typename !== 'Job') throw new Error(`${id} is not a job.`)
  return node
}

export async function loadRun(client: Client, id: string): Promise<JobRun> {
  const { node } = await ask(client, JobRunNodeDocument, { id })
  if (node?.__typename !== 'JobRun') throw new Error(`${id} is not a run.`)
  return node
}

/** The newest runs of a job. */
export async function loadRuns(client: Client, id: string): Promise<JobRun[]> {
  const { node } = await ask(client, JobRunsDocument, { id })
  if (node?.__typename !== 'Job') throw new Error(`${id} is not a job.`)
  return requireNonNull(node.runs).edges.map(({ node: run }) => run)
}

export async function runJob(client: Client, id: string) {
  return (await mutate(client, RunJobDocument, { id })).runJob
}

/** Waits until a run has ended, and returns it. */
export async function waitForRunEnd(client: Client, id: string): Promise<JobRun> {
  return pollUntil(
    () => loadRun(client, id),
    ({ status }) => status !== 'RUNNING',
  )
}

/** Repeats a query until its result matches. Fails after a limit with the last result. */
export async function pollUntil<T>(load: () => Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
  const end = performance.now() + 15_000 // milliseconds
  for (;;) {
    const value = await load()
    if (isWanted(value)) return value
    if (performance.now() > end) throw new Error(`The result does not match: ${JSON.stringify(value)}`)
    await pause(10)
  }
}
