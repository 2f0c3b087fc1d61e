import {
  context,
  type Context,
  diag,
  type DiagLogger,
  DiagLogLevel,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type { Logger } from '../../lib/logger.ts'
import type { SpanAttributes, Tracer, TraceSpan } from './tracer.ts'

/** W3C Trace Context, section 3.2.2. Later versions may add fields at the end; ff is no version. */
const traceparentPattern =
  /^(?!ff)(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<rest>-.*)?$/

/** How long a stop waits for the receiver of the traces. */
const closeTimeoutMs = 500

/**
 * Sends traces to the OTLP receiver that the usual variables name: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS,
 * OTEL_SERVICE_NAME and so on, which the SDK reads itself. Nothing is registered globally: parents are passed explicitly.
 */
export class OpenTelemetryTracer implements Tracer {
  readonly #provider: NodeTracerProvider
  readonly #contexts = new WeakMap<TraceSpan, Context>()

  constructor({
    version,
    env,
    log,
  }: {
    readonly version: string
    readonly env: NodeJS.ProcessEnv
    readonly log: Logger
  }) {
    diag.setLogger(toDiagLogger(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
    const service = { 'service.name': env['OTEL_SERVICE_NAME'] || 'segue', 'service.version': version }
    this.#provider = new NodeTracerProvider({
      resource: defaultResource().merge(resourceFromAttributes(service)),
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    })
  }

  findRemoteSpan(traceparent: string): TraceSpan | null {
    const { version, traceId = '', spanId = '', flags, rest } = traceparentPattern.exec(traceparent)?.groups ?? {}
    const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags ?? '', 16), isRemote: true }
    if (!isSpanContextValid(spanContext) || (version === '00' && rest !== undefined)) return null
    const remoteSpan: TraceSpan = { end: () => undefined }
    this.#contexts.set(remoteSpan, trace.setSpanContext(ROOT_CONTEXT, spanContext))
    return remoteSpan
  }

  startSpan(name: string, parent: TraceSpan | null, attributes: SpanAttributes): TraceSpan {
    const parentContext = (parent && this.#contexts.get(parent)) ?? context.active()
    const span = this.#provider.getTracer('segue').startSpan(name, { attributes }, parentContext)
    const traceSpan: TraceSpan = { end: (error) => endSpan(span, error) }
    this.#contexts.set(traceSpan, trace.setSpan(parentContext, span))
    return traceSpan
  }

  async close(): Promise<void> {
    const timeout = AbortSignal.timeout(closeTimeoutMs)
    const timedOut = new Promise<void>((resolve) => timeout.addEventListener('abort', () => resolve()))
    await Promise.race([this.#provider.shutdown().catch(() => undefined), timedOut])
    diag.disable()
  }
}

function endSpan(span: Span, error: string | null): void {
  if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
  span.end()
}

/** What the SDK has to say, such as that the receiver cannot be reached, in Segue's log. */
function toDiagLogger(log: Logger): DiagLogger {
  const discard = (): void => undefined
  const warn = (message: string): void =>
    log.warn({ component: 'traces', reason: message }, 'Traces could not be sent.')
  return { error: warn, warn, info: discard, debug: discard, verbose: discard }
}
