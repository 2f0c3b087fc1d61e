export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** One timed piece of work in a trace. */
export interface TraceSpan {
  /** Call it once. `error`: a code; null if it has succeeded. */
  end(error: string | null): void
}

/** Records traces. */
export interface Tracer {
  /** Begins a span. Without a parent, it begins a trace. */
  startSpan(name: string, parent: TraceSpan | null, attributes: SpanAttributes): TraceSpan
  /** Sends what has been recorded, and ends. Never rejects. */
  close(): Promise<void>
}

const noSpan: TraceSpan = { end: () => undefined }

/** Records nothing. */
export const noTracer: Tracer = { startSpan: () => noSpan, close: async () => undefined }
