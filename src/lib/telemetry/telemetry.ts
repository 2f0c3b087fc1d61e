/** A GraphQL operation that is executed. */
export interface OperationInfo {
  readonly type: 'query' | 'mutation' | 'subscription'
  /** Null if it has none. */
  readonly name: string | null
  /** The trace that the operation continues, in the format of W3C Trace Context. Null, or not valid: it begins one. */
  readonly traceparent: string | null
}

/** An operation from the begin of its execution to its end. */
export interface OperationTelemetry {
  /** Runs a part of the operation: what begins in it, such as a stream, belongs to the operation. */
  run<T>(task: () => T): T
  /** Call it once. `codes` are those of its errors; none if it has succeeded. */
  end(codes: readonly string[]): void
}

/** A stream whose agent runs. */
export interface StreamInfo {
  readonly id: string
  readonly sessionId: string
  readonly model: string
}

/** What is timed within a stream. */
export interface StreamSpan {
  /** Call it once. `error`: why it failed, without text of others; null if it did not. */
  end(error: string | null): void
}

/** A stream from the begin of its agent to its end. */
export interface StreamTelemetry {
  /** Runs the stream: what begins in it belongs to it, and log lines that are written in it have its ids. */
  run<T>(task: () => T): T
  /** The first event with content has come from the model. */
  onFirstToken(): void
  startModelCall(purpose: 'ANSWER' | 'SUMMARY'): StreamSpan
  startToolCall(name: string): StreamSpan
  /** Call it once, after all spans have ended. `code`: that of its error; null without one. */
  end(status: string, code: string | null): void
}

/** What is read when the metrics are read. Values of the same gauge and label are added up; of lags, the highest counts. */
export type GaugeName = 'streams' | 'readers' | 'readerLagEvents' | 'queueLength' | 'databaseBytes'

/** Measures what happens. Its methods never throw, and cost little: those that readers and events call, next to nothing. */
export interface Telemetry {
  startOperation(operation: OperationInfo): OperationTelemetry
  /** An operation was refused before its execution, for example because it is invalid. */
  countRefusedOperation(code: string): void
  /** The stream belongs to the operation that is being executed, also if it starts later. */
  bindStream(streamId: string): void
  startStream(stream: StreamInfo): StreamTelemetry
  /** A reader has accepted events. `delayMs`: since their commit, in milliseconds. */
  recordDelivery(delayMs: number): void
  /** Something of a stream was refused, because the stream had ended. */
  countRefusedWrite(): void
  /** Streams of an earlier process were ended as INTERRUPTED. */
  countRecoveredStreams(count: number): void
  recordSearch(durationMs: number): void
  /** Has `read` called whenever the metrics are read, until the returned function is called. */
  watch(gauge: GaugeName, label: string, read: () => number): () => void
}

const discard = (): void => undefined
const noOperation: OperationTelemetry = { run: (task) => task(), end: discard }
const noSpan: StreamSpan = { end: discard }
const noStream: StreamTelemetry = {
  run: (task) => task(),
  onFirstToken: discard,
  startModelCall: () => noSpan,
  startToolCall: () => noSpan,
  end: discard,
}

/** Measures nothing. */
export const noTelemetry: Telemetry = {
  startOperation: () => noOperation,
  countRefusedOperation: discard,
  bindStream: discard,
  startStream: () => noStream,
  recordDelivery: discard,
  countRefusedWrite: discard,
  countRecoveredStreams: discard,
  recordSearch: discard,
  watch: () => discard,
}
