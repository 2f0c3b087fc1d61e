import { onTestFinished } from 'vitest'
import { toDirectUrl } from './test-postgres-database.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import {
  PostgresInstallation,
  type PostgresInstallationOptions,
} from '../../../src/storage/postgres/postgres-installation.ts'

/** Opens an installation as one process does. It is closed when the test has ended, unless the test has done so. */
export async function openTestInstallation(
  url: string,
  options: Partial<PostgresInstallationOptions> = {},
): Promise<PostgresInstallation> {
  const installation = await PostgresInstallation.open({
    url,
    listenUrl: toDirectUrl(url),
    maxConnections: 4,
    log: silentLogger,
    ...options,
  })
  onTestFinished(() => installation.close())
  return installation
}
