import type { LogLevel, LogMethod } from '../lib/logger.ts'
import type { ExecutedSqlStatement } from '../lib/sql-channel.ts'
import { forwardSqlStatements, readWorkerOptions, serveWorkerFunctions } from '../lib/worker/worker-server.ts'
import type { ConversationChange } from '../storage/sessions/conversation-reader.ts'
import type { HermesOptions } from './hermes-options.ts'
import { HermesReader } from './hermes-reader.ts'

/** What the worker sends beside its answers. An event arrives before the answer of the call that caused it. */
export interface HermesWorkerEvents {
  log(level: LogLevel, fields: object, message: string): void
  statement(statement: ExecutedSqlStatement): void
  conversationsChanged(changes: readonly ConversationChange[] | null): void
  sessionsChanged(ids: readonly string[] | null): void
  crossOriginReset(): void
  /** `listUnconfirmedSettings` has more than before. */
  settingsInherited(): void
}

const maintenanceIntervalMs = 250

function forwardLog(level: LogLevel): LogMethod {
  return (fields, message) => void main.$callEvent('log', level, fields, message)
}

const options = readWorkerOptions<HermesOptions>()
const reader = new HermesReader({
  ...options,
  log: {
    debug: forwardLog('debug'),
    info: forwardLog('info'),
    warn: forwardLog('warn'),
    error: forwardLog('error'),
  },
  onConversationsChanged: (changes) => void main.$callEvent('conversationsChanged', changes),
  ...(options.reportsSessions && { onSessionsChanged: (ids) => void main.$callEvent('sessionsChanged', ids) }),
  onCrossOriginReset: () => void main.$callEvent('crossOriginReset'),
  onSettingsInherited: () => void main.$callEvent('settingsInherited'),
})
const main = serveWorkerFunctions<HermesWorkerEvents, HermesReader>(reader)
forwardSqlStatements((statement) => void main.$callEvent('statement', statement))

/** Runs between the calls, one step at a time. */
function runMaintenance(): void {
  if (reader.runMaintenance()) setImmediate(runMaintenance)
  else setTimeout(runMaintenance, maintenanceIntervalMs)
}
setTimeout(runMaintenance, maintenanceIntervalMs)
