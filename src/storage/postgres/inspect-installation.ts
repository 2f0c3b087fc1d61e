import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { InspectInstallation } from '../maintenance/installation-inspection.ts'
import { latestVersion } from './database/migrate.ts'
import { toStorageError } from './database/postgres-errors.ts'
import { type InstallationConnection, PostgresDatabase } from './database/postgres-database.ts'

/** PostgreSQL 15 in its own notation. */
const oldestVersion = 150_000
const notificationTimeoutMs = 2_000

/** Looks at the database of an installation, and changes nothing. Throws StorageError. */
export const inspectInstallation: InspectInstallation = async (options) => {
  const database = new PostgresDatabase({ ...options, maxConnections: 1 })
  try {
    return await database.withClient(async (client) => {
      const { rows: versions } = await client.query<{ number: number; text: string }>(
        `SELECT current_setting('server_version_num')::bigint AS number, current_setting('server_version') AS text`,
      )
      const { rows: tables } = await client.query<{ found: boolean }>(
        `SELECT to_regclass('schema_version') IS NOT NULL AND to_regclass('processes') IS NOT NULL AS found`,
      )
      const [version] = versions
      const { rows } = tables[0]?.found
        ? await client.query<{ version: number; processes: number; configurations: number }>(
            `SELECT (SELECT version FROM schema_version) AS version,
              count(*) AS processes, count(DISTINCT nullif(configuration, '')) AS configurations
              FROM processes WHERE lease_until > clock_timestamp()`,
          )
        : { rows: [] }
      return {
        engineVersion: version?.text ?? '',
        isSupported: (version?.number ?? 0) >= oldestVersion,
        tableVersion: rows[0]?.version ?? null,
        latestTableVersion: latestVersion,
        processCount: rows[0]?.processes ?? 0,
        configurationCount: rows[0]?.configurations ?? 0,
        isNotified: await testNotifications(options.listenUrl, client),
      }
    })
  } finally {
    await database.close()
  }
}

/** Sends a notification, and waits for it at a connection of its own. */
async function testNotifications(listenUrl: string, client: InstallationConnection): Promise<boolean> {
  const channel = `segue doctor ${randomUUID()}`
  const listener = new pg.Client({ connectionString: listenUrl, connectionTimeoutMillis: notificationTimeoutMs })
  listener.on('error', () => undefined)
  try {
    await listener.connect()
    await listener.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
    const arrival = once(listener, 'notification', { signal: AbortSignal.timeout(notificationTimeoutMs) })
    const isArriving = arrival.then(
      () => true,
      () => false,
    )
    await client.query('SELECT pg_notify($1, $2)', [channel, ''])
    return await isArriving
  } catch (error) {
    throw toStorageError(error)
  } finally {
    await listener.end().catch(() => undefined)
  }
}
