import { parentPort, workerData } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import { HermesReader, type HermesReaderOptions } from './hermes-reader.ts'
import type { LogLevel, LogMethod } from '../lib/logger.ts'
import type { ConversationChange } from '../storage/conversation-reader.ts'

/** What the worker is started with. */
export interface HermesWorkerOptions extends Required<
  Pick<HermesReaderOptions, 'path' | 'lockTimeoutMs' | 'indexPath' | 'segueDatabasePath' | 'idNamespace'>
> {
  readonly profile: string
  /** Whether anybody wants to see the statements. */
  readonly reportStatements: boolean
}

/** What the worker tells beside its answers; always before the answer of the call that caused it. */
export interface HermesWorkerEvents {
  log(level: LogLevel, fields: object, message: string): void
  statement(sql: string): void
  changed(conversations: readonly ConversationChange[] | null): void
}

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread')

const {
  path,
  lockTimeoutMs,
  indexPath,
  segueDatabasePath,
  idNamespace,
  profile,
  reportStatements,
}: HermesWorkerOptions = workerData
const sendLogEntry =
  (level: LogLevel): LogMethod =>
  (fields, message) =>
    void main.$callEvent('log', level, fields, message)
const reader = new HermesReader(profile, {
  path,
  lockTimeoutMs,
  indexPath,
  segueDatabasePath,
  idNamespace,
  log: {
    debug: sendLogEntry('debug'),
    info: sendLogEntry('info'),
    warn: sendLogEntry('warn'),
    error: sendLogEntry('error'),
  },
  onConversationsChanged: (conversations) => void main.$callEvent('changed', conversations),
  onStatement: reportStatements ? (sql) => void main.$callEvent('statement', sql) : null,
})
const main = createBirpc<HermesWorkerEvents, HermesReader>(reader, {
  bind: 'functions',
  post: (message) => port.postMessage(message),
  on: (listener) => port.on('message', listener),
})

const maintenanceIntervalMs = 250 // milliseconds between two looks at a file in which nothing is known to have changed

/** Goes on between the questions. */
function runMaintenance(): void {
  if (reader.runMaintenance()) setImmediate(runMaintenance)
  else setTimeout(runMaintenance, maintenanceIntervalMs)
}
setTimeout(runMaintenance, maintenanceIntervalMs)
