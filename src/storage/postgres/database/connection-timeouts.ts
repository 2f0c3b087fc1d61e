/** Has a host that has vanished noticed within 15 seconds, on a connection on which nothing is sent. */
export const keepAliveOptions = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 } as const

/** For one statement of a connection that has a `query_timeout`: the longest time that a timer can have. */
export const withoutTimeout = { query_timeout: 2 ** 31 - 1 } as const

/** How long PostgreSQL waits until a client confirms what was sent to it, in milliseconds. */
const unacknowledgedTimeoutMs = 10_000

/**
 * SQL for the session of a client: PostgreSQL ends it if the host of the client has vanished. It has no effect on Unix sockets, nor
 * where the setting is missing, nor through a pooler, which shares its sessions with others.
 */
export function toEndUnacknowledgedSql(client: object): string {
  return `SELECT set_config('tcp_user_timeout', '${unacknowledgedTimeoutMs}', false)
    WHERE pg_backend_pid() = ${readProcessId(client)} AND current_setting('tcp_user_timeout', true) IS NOT NULL`
}

/** The id of the process that serves a connection, as the server has said at its beginning; 0 if it has not. */
export function readProcessId(client: object): number {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : 0
}
