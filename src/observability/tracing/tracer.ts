export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** One timed piece of work in a trace. */
export interface TraceSpan {
  /** Call it once. `error`: a code; null if it has succeeded. */
  end(error: string | null): void
}

/** Records traces. */
export interface Tracer {
  /** The span of a caller, by its header `traceparent`: as the parent of others. Null if the header is not valid. */
  findRemoteSpan(traceparent: string): TraceSpan | null
  /** Begins a span. Without a parent, it begins a trace. */
  startSpan(name: string, parent: TraceSpan | null, attributes: SpanAttributes): TraceSpan
  /** Sends what has been recorded, and ends. Never rejects. */
  close(): Promise<void>
}

const noSpan: TraceSpan = { end: () => undefined }

/** Records nothing. */
export const noTracer: Tracer = {
  findRemoteSpan: () => null,
  startSpan: () => noSpan,
  close: async () => undefined,
}
