import { parentPort, workerData } from 'node:worker_threads'
import { type BirpcReturn, createBirpc } from 'birpc'
import { collectGarbageOfIdleThread } from '../event-loop/idle-garbage-collector.ts'
import { type ExecutedSqlStatement, subscribeToSqlStatements } from '../sql-channel.ts'

/** The `workerData` of a worker that a WorkerClient has started. */
export interface WorkerStart {
  readonly options: unknown
  /** Whether somebody in the main thread listens for SQL statements. */
  readonly reportStatements: boolean
}

/** The options that the WorkerClient was created with. */
export function readWorkerOptions<Options>(): Options {
  const { options }: { readonly options: Options } = workerData
  return options
}

/**
 * Lets the WorkerClient that started this worker call `functions`. The result sends events to it; they arrive before the
 * answer of a call that is in progress. While it is not called, the worker gives back the memory that it does not use.
 */
export function serveWorkerFunctions<Events extends object, Functions extends object>(
  functions: Functions,
): BirpcReturn<Events, Functions> {
  const port = parentPort
  if (!port) throw new Error('This module is the entry point of a worker thread.')
  collectGarbageOfIdleThread()
  return createBirpc<Events, Functions>(functions, {
    bind: 'functions',
    post: (message) => port.postMessage(message),
    on: (listener) => port.on('message', listener),
  })
}

/** Sends the SQL of this worker to the main thread if somebody listens there. Call it before a connection is opened. */
export function forwardSqlStatements(send: (statement: ExecutedSqlStatement) => void): void {
  const { reportStatements }: WorkerStart = workerData
  if (reportStatements) subscribeToSqlStatements(send)
}
