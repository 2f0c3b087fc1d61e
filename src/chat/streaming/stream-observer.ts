import type { AgentEvent } from '../../agent/agent.ts'
import type { StreamSpan, StreamTelemetry } from '../../lib/telemetry/telemetry.ts'
import type { StreamRecord } from '../../model/stream.ts'

/** Measures a stream by the events of its agent: the time to its first content, and its calls of models and tools. */
export class StreamObserver {
  readonly #telemetry: StreamTelemetry
  readonly #toolCalls = new Map<string, StreamSpan>()
  #modelCall: StreamSpan | null = null
  #hasContent = false

  constructor(telemetry: StreamTelemetry) {
    this.#telemetry = telemetry
  }

  /** Call it for each event. For a delta it does next to nothing. */
  onAgentEvent(event: AgentEvent): void {
    switch (event.type) {
      case 'text':
      case 'reasoning':
      case 'tool-input':
        if (this.#hasContent) return
        this.#hasContent = true
        return this.#telemetry.onFirstToken()
      case 'step':
        this.#endModelCall('REFUSED')
        this.#modelCall = this.#telemetry.startModelCall(event.purpose ?? 'ANSWER')
        return
      case 'usage':
        return this.#endModelCall(null)
      case 'tool-call':
        this.#toolCalls.set(event.callId, this.#telemetry.startToolCall(event.name))
        return
      case 'tool-result':
      case 'tool-error':
        return this.#endToolCall(event.callId, event.type === 'tool-error' ? 'FAILED' : null)
    }
  }

  /** Call it when the end of the stream is committed. */
  onEnd({ status, error }: StreamRecord): void {
    const code = error?.code ?? null
    const unfinished = code ?? (status === 'COMPLETED' ? null : status)
    this.#endModelCall(unfinished)
    for (const callId of [...this.#toolCalls.keys()]) this.#endToolCall(callId, unfinished)
    this.#telemetry.end(status, code)
  }

  #endModelCall(error: string | null): void {
    this.#modelCall?.end(error)
    this.#modelCall = null
  }

  #endToolCall(callId: string, error: string | null): void {
    this.#toolCalls.get(callId)?.end(error)
    this.#toolCalls.delete(callId)
  }
}
