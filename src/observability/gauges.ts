import { Gauge, type Registry } from 'prom-client'
import type { GaugeName } from '../lib/telemetry/telemetry.ts'

interface GaugeDefinition {
  readonly name: string
  readonly help: string
  /** Null: the gauge has no label. */
  readonly label: string | null
  readonly combine: (a: number, b: number) => number
}

const add = (a: number, b: number): number => a + b

const definitions: Readonly<Record<GaugeName, GaugeDefinition>> = {
  streams: {
    name: 'segue_streams',
    help: 'Streams that have not ended, by state.',
    label: 'state',
    combine: add,
  },
  readers: {
    name: 'segue_readers',
    help: 'Subscriptions that follow a stream or a session.',
    label: null,
    combine: add,
  },
  readerLagEvents: {
    name: 'segue_reader_lag_events',
    help: 'How many committed events the slowest reader has not received yet.',
    label: null,
    combine: Math.max,
  },
  queueLength: {
    name: 'segue_queue_length',
    help: 'What waits in a queue, by queue.',
    label: 'queue',
    combine: add,
  },
  databaseBytes: {
    name: 'segue_database_bytes',
    help: 'Size of the database files of all open profiles, by file.',
    label: 'file',
    combine: add,
  },
}

interface GaugeSource {
  readonly gauge: GaugeName
  readonly label: string
  readonly read: () => number
}

/** The gauges, which are read from their sources when the metrics are read. */
export class SourceGauges {
  readonly #sources = new Set<GaugeSource>()

  constructor(registry: Registry) {
    for (const [gauge, definition] of Object.entries(definitions)) this.#register(gauge, definition, registry)
  }

  /** Adds a source. Returns a function that removes it. */
  add(source: GaugeSource): () => void {
    this.#sources.add(source)
    return () => void this.#sources.delete(source)
  }

  /** The value of a gauge for a label; 0 without a source. */
  read(gauge: GaugeName, label: string): number {
    return this.#readAll(gauge, definitions[gauge].combine).get(label) ?? 0
  }

  #register(gaugeName: string, { name, help, label, combine }: GaugeDefinition, registry: Registry): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: label === null ? [] : [label],
      registers: [registry],
      collect: () => {
        gauge.reset()
        for (const [value, sum] of this.#readAll(gaugeName, combine)) {
          if (label === null) gauge.set(sum)
          else gauge.set({ [label]: value }, sum)
        }
      },
    })
  }

  #readAll(gauge: string, combine: GaugeDefinition['combine']): Map<string, number> {
    const values = new Map<string, number>()
    for (const source of this.#sources) {
      if (source.gauge !== gauge) continue
      const previous = values.get(source.label)
      const value = source.read()
      values.set(source.label, previous === undefined ? value : combine(previous, value))
    }
    return values
  }
}
