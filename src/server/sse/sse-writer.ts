import type { ServerResponse } from 'node:http'
import type { ExecutionResult } from 'graphql'
import { encodeJsonInSteps, isSmallJson } from '../../lib/json-output/encode-json-in-steps.ts'
import { toSharedJson } from '../graphql/subscriptions/result-json.ts'
import { findEventSeq, isSubscriptionResults } from '../graphql/subscriptions/subscription-results.ts'
import { chunkBytes } from '../http/chunk-bytes.ts'
import { detectSlowConsumer } from '../http/detect-slow-consumer.ts'

export interface SseWriterOptions {
  /** A client that accepts no byte for this long is disconnected. Called for each response. */
  readonly readSlowConsumerTimeoutMs: () => number
  /** How long the stream may be silent before a comment is sent. */
  readonly heartbeatIntervalMs: number
  /** Aborted when the server stops: what was written is sent, and the response ends without a `complete` event. */
  readonly stopping: AbortSignal
  /** Aborted when the credentials of the client are no longer valid: the connection is closed at once. */
  readonly revoked: AbortSignal
}

/** Sends results as server-sent events. Requests the next result only when the client has accepted the previous one. */
export class SseWriter {
  readonly #response: ServerResponse
  readonly #options: SseWriterOptions

  constructor(response: ServerResponse, options: SseWriterOptions) {
    this.#response = response
    this.#options = options
  }

  /** Sends all results and a `complete` event. Returns early, and closes the iterator, when the client disconnects. */
  async writeAll(results: AsyncIterable<ExecutionResult>): Promise<void> {
    const response = this.#response
    const iterator = results[Symbol.asyncIterator]()
    const closeIterator = (): void => void iterator.return?.()
    // The client may have disconnected before the operation started.
    if (!response.socket || response.destroyed) return closeIterator()
    const { heartbeatIntervalMs, readSlowConsumerTimeoutMs } = this.#options
    const stopDetection = detectSlowConsumer(response.socket, readSlowConsumerTimeoutMs(), () => response.destroy())
    const heartbeatTimer = setInterval(() => this.#writeHeartbeat(), heartbeatIntervalMs)
    response.once('close', closeIterator)
    const { stopping, revoked } = this.#options
    const endResponse = (): void => void response.end(() => response.socket?.end())
    stopping.addEventListener('abort', endResponse)
    const disconnect = (): void => void response.destroy()
    revoked.addEventListener('abort', disconnect)
    if (revoked.aborted) disconnect()
    this.#writeHead()
    if (isSubscriptionResults(results)) {
      results.sendSharedTo({ trySend: (result) => this.#tryWrite(result) && Boolean(heartbeatTimer.refresh()) })
    }
    try {
      for (;;) {
        const { value, done } = await iterator.next()
        if (done || response.destroyed || response.writableEnded) break
        if (!(await this.#write(encodeNextEvent(value)))) return
        heartbeatTimer.refresh()
      }
      if (!response.destroyed && !response.writableEnded) response.end('event: complete\ndata:\n\n')
    } finally {
      stopping.removeEventListener('abort', endResponse)
      revoked.removeEventListener('abort', disconnect)
      clearInterval(heartbeatTimer)
      stopDetection()
      closeIterator()
    }
  }

  #writeHead(): void {
    this.#response.socket?.setNoDelay(true).setKeepAlive(true, 5000)
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    // Some browsers fire the open event only when the first byte arrives.
    this.#response.write(':\n\n')
  }

  /** Sends a comment, so that proxies keep the connection open. */
  #writeHeartbeat(): void {
    const { writableNeedDrain, destroyed, writableEnded } = this.#response
    if (!writableNeedDrain && !destroyed && !writableEnded) this.#response.write(':\n\n')
  }

  /** Sends a result at once. Returns false, and sends nothing, if the client has not accepted what was sent before. */
  #tryWrite(result: ExecutionResult): boolean {
    const { writableNeedDrain, destroyed, writableEnded } = this.#response
    if (writableNeedDrain || destroyed || writableEnded) return false
    const event = toSharedEvent(result)
    if (event) this.#response.write(event)
    return event !== null
  }

  /** Returns false if the client has disconnected, or was disconnected as a slow consumer. */
  async #write(chunks: AsyncIterable<Buffer>): Promise<boolean> {
    for await (const chunk of chunks) {
      if (this.#response.destroyed || this.#response.writableEnded) return false
      if (!this.#response.write(chunk)) await waitForDrain(this.#response)
      if (this.#response.destroyed) return false
    }
    return true
  }
}

/** Resolves when the pending bytes have been sent, or the connection is closed. */
async function waitForDrain(response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve).once('close', resolve)
  await promise
  response.off('drain', resolve).off('close', resolve)
}

async function* encodeNextEvent(result: ExecutionResult): AsyncGenerator<Buffer, void, void> {
  const head = formatEventHead(result)
  if (isSmallJson(result)) return yield* chunkBytes(`${head}${JSON.stringify(result)}\n\n`)
  yield Buffer.from(head)
  yield* encodeJsonInSteps(result)
  yield Buffer.from('\n\n')
}

function formatEventHead(result: ExecutionResult): string {
  const seq = findEventSeq(result)
  return `event: next\n${seq === null ? '' : `id: ${seq}\n`}data: `
}

const sharedEvents = new WeakMap<ExecutionResult, Buffer | null>()

/** The event of a result that several subscribers receive, which is made once. Null: see `toSharedJson`. */
function toSharedEvent(result: ExecutionResult): Buffer | null {
  let event = sharedEvents.get(result)
  if (event === undefined) {
    const json = toSharedJson(result)
    event = json && Buffer.concat([Buffer.from(formatEventHead(result)), json, Buffer.from('\n\n')])
    sharedEvents.set(result, event)
  }
  return event
}
