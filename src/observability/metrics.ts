import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'
import { SourceGauges } from './gauges.ts'
import { OperationMetrics } from './operation-metrics.ts'

/** From 1 ms to a minute. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/**
 * Of the process, not of a server: memory, CPU time, garbage collection, and the delay of the event loop. Created when the first
 * server starts, because measuring them takes timers.
 */
let processRegistry: Registry | null = null

function getProcessRegistry(): Registry {
  if (processRegistry === null) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry })
  }
  return processRegistry
}

/** The metrics of one server, in Prometheus' format. Durations are in seconds, as is usual there. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #process = getProcessRegistry()
  readonly gauges = new SourceGauges(this.#registry)
  readonly operations = new OperationMetrics(this.#registry, durationBuckets)
  readonly streamsEnded = this.#counter(
    'segue_streams_ended_total',
    'Streams that have ended, by status and error code ("": none).',
    ['status', 'code'],
  )
  readonly timeToFirstToken = this.#histogram(
    'segue_time_to_first_token_seconds',
    'Time from the start of a stream to the first content from the model.',
  )
  readonly modelCallDuration = this.#histogram(
    'segue_model_call_duration_seconds',
    'Duration of requests to models, by purpose and error ("": none).',
    ['purpose', 'error'],
  )
  readonly toolCallDuration = this.#histogram(
    'segue_tool_call_duration_seconds',
    'Duration of tool calls, waiting for approval included, by error ("": none).',
    ['error'],
  )
  readonly commitToDelivery = this.#histogram(
    'segue_commit_to_delivery_seconds',
    'Time from the commit of events until a live reader has accepted them.',
  )
  readonly refusedWrites = this.#counter(
    'segue_refused_writes_total',
    'Writes that were refused because their stream had ended.',
  )
  readonly recoveredStreams = this.#counter(
    'segue_recovered_streams_total',
    'Streams of an earlier process that were ended at the start.',
  )
  readonly searchDuration = this.#histogram(
    'segue_search_duration_seconds',
    'Duration of full-text searches, waiting included.',
  )

  get contentType(): string {
    return this.#registry.contentType
  }

  /** All metrics as text. */
  async format(): Promise<string> {
    return `${await this.#registry.metrics()}\n${await this.#process.metrics()}`
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: durationBuckets, registers: [this.#registry] })
  }
}
