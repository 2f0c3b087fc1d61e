import { parentPort, workerData } from 'node:worker_threads'
import { createBirpc } from 'birpc'
import type { ChangedConversation } from '../storage/session-reader.ts'
import { HermesReader, type HermesReaderOptions } from './hermes-reader.ts'

/** What the worker is started with. */
export interface WorkerOptions extends Required<
  Pick<HermesReaderOptions, 'path' | 'patience' | 'index' | 'own' | 'prefix'>
> {
  readonly profile: string
  /** Whether anybody wants to see the statements. */
  readonly statements: boolean
}

/** What the worker tells beside its answers; always before the answer of the call that caused it. */
export interface WorkerEvents {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  statement(sql: string): void
  changed(conversations: readonly ChangedConversation[] | null): void
}

const port = parentPort
if (!port) throw new Error('This module is the entry of a worker thread')

const { path, patience, index, own, prefix, profile, statements }: WorkerOptions = workerData
const reader = new HermesReader(profile, {
  path,
  patience,
  index,
  own,
  prefix,
  log: {
    info: (details, message) => void main.$callEvent('info', details, message),
    warn: (details, message) => void main.$callEvent('warn', details, message),
  },
  onChanged: (conversations) => void main.$callEvent('changed', conversations),
  onStatement: statements ? (sql) => void main.$callEvent('statement', sql) : null,
})
const main = createBirpc<WorkerEvents, HermesReader>(reader, {
  bind: 'functions',
  post: (message) => port.postMessage(message),
  on: (listener) => port.on('message', listener),
})

const pause = 250 // milliseconds between two looks at a file in which nothing is known to have changed

/** Goes on between the questions. */
function tend(): void {
  if (reader.tend()) setImmediate(tend)
  else setTimeout(tend, pause)
}
setTimeout(tend, pause)
