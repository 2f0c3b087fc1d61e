import { AsyncLocalStorage } from 'node:async_hooks'
import { LruCache } from '../lib/lru-cache.ts'
import { getLogContext, runWithLogContext } from '../lib/telemetry/log-context.ts'
import type {
  GaugeName,
  OperationInfo,
  OperationTelemetry,
  StreamInfo,
  StreamTelemetry,
  Telemetry,
} from '../lib/telemetry/telemetry.ts'
import { BoundedLabels } from './bounded-labels.ts'
import { Metrics } from './metrics.ts'
import { noTracer, type Tracer, type TraceSpan } from './tracing/tracer.ts'

/** Operations are counted by name for this many names. */
const maxOperationNames = 100
/** Streams that have been accepted and have not begun. Of more, the oldest ones lose the operation that started them. */
const maxBoundStreams = 10_000

/** The operation that has started a stream. */
interface StreamOrigin {
  readonly request: string | undefined
  readonly operation: TraceSpan | undefined
}

/** Measures a server: metrics for Prometheus, and traces. */
export class ServerTelemetry implements Telemetry {
  readonly metrics = new Metrics()
  readonly #tracer: Tracer
  readonly #operationNames = new BoundedLabels(maxOperationNames)
  readonly #currentOperation = new AsyncLocalStorage<TraceSpan>()
  readonly #origins = new LruCache<string, StreamOrigin>(maxBoundStreams)

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  startOperation({ type, name, traceparent }: OperationInfo): OperationTelemetry {
    const series = this.metrics.operations.find(type, this.#operationNames.toLabel(name ?? ''))
    const startedAt = performance.now()
    const span = this.#startOperationSpan({ type, name, traceparent })
    return {
      run: (task) => (span === null ? task() : this.#currentOperation.run(span, task)),
      end: ([code = null]) => {
        series.count(code ?? 'OK')
        // A subscription lasts as long as its client likes.
        if (type !== 'subscription') series.observeDuration(secondsSince(startedAt))
        span?.end(code)
      },
    }
  }

  /** Null if no traces are recorded. */
  #startOperationSpan({ type, name, traceparent }: OperationInfo): TraceSpan | null {
    if (this.#tracer === noTracer) return null
    const parent = traceparent === null ? null : this.#tracer.findRemoteSpan(traceparent)
    return this.#tracer.startSpan(name === null ? type : `${type} ${name}`, parent, {
      'graphql.operation.type': type,
      ...(name !== null && { 'graphql.operation.name': name }),
    })
  }

  countRefusedOperation(code: string): void {
    this.metrics.operations.find('refused', '').count(code)
  }

  bindStream(streamId: string): void {
    this.#origins.set(streamId, { request: getLogContext().request, operation: this.#currentOperation.getStore() })
  }

  startStream({ id, sessionId, model }: StreamInfo): StreamTelemetry {
    const { metrics } = this
    const { request, operation } = this.#origins.get(id) ?? {}
    this.#origins.delete(id)
    const startedAt = performance.now()
    const span = this.#tracer.startSpan('stream', operation ?? null, {
      'segue.stream.id': id,
      'segue.session.id': sessionId,
      'gen_ai.request.model': model,
    })
    return {
      run: (task) => runWithLogContext({ request, session: sessionId, stream: id }, task),
      onFirstToken: () => metrics.timeToFirstToken.observe(secondsSince(startedAt)),
      startModelCall: (purpose) =>
        this.#startPart(
          'model call',
          span,
          { 'gen_ai.request.model': model, 'segue.purpose': purpose },
          (error, seconds) => metrics.modelCallDuration.observe({ purpose, error }, seconds),
        ),
      startToolCall: (name) =>
        this.#startPart('tool call', span, { 'gen_ai.tool.name': name }, (error, seconds) =>
          metrics.toolCallDuration.observe({ error }, seconds),
        ),
      end: (status, code) => {
        metrics.streamsEnded.inc({ status, code: code ?? '' })
        span.end(code)
      },
    }
  }

  recordDelivery(delayMs: number): void {
    this.metrics.commitToDelivery.observe(delayMs / 1000)
  }

  countRefusedWrite(): void {
    this.metrics.refusedWrites.inc()
  }

  countRecoveredStreams(count: number): void {
    this.metrics.recoveredStreams.inc(count)
  }

  recordSearch(durationMs: number): void {
    this.metrics.searchDuration.observe(durationMs / 1000)
  }

  watch(gauge: GaugeName, label: string, read: () => number): () => void {
    return this.metrics.gauges.add({ gauge, label, read })
  }

  /** Sends the traces that are left. */
  close(): Promise<void> {
    return this.#tracer.close()
  }

  #startPart(
    name: string,
    stream: TraceSpan,
    attributes: Parameters<Tracer['startSpan']>[2],
    observe: (error: string, seconds: number) => void,
  ): { end(error: string | null): void } {
    const startedAt = performance.now()
    const span = this.#tracer.startSpan(name, stream, attributes)
    return {
      end: (error) => {
        observe(error ?? '', secondsSince(startedAt))
        span.end(error)
      },
    }
  }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}
