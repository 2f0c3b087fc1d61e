import { toDirectUrl } from './test-postgres-database.ts'
import { type TestSegue, type TestSegueOptions, startTestSegue } from '../server/segue.ts'

/** Starts a server in this process that stores everything in a database of PostgreSQL. */
export function startOnPostgres(url: string, { settings, ...options }: TestSegueOptions = {}): Promise<TestSegue> {
  const database = { url, listenUrl: toDirectUrl(url), schema: 'segue' }
  return startTestSegue({ ...options, settings: { ...settings, database } })
}
