import { Counter, Histogram, type Registry } from 'prom-client'

const durationMetric = 'segue_operation_duration_seconds'
const durationHelp = 'Duration of queries and mutations, by type and name.'

/** What is counted of operations with one type and one name. */
export class OperationSeries {
  readonly labels: { readonly type: string; readonly name: string }
  readonly countsByCode = new Map<string, number>()
  /** Durations by the first bound that they do not exceed; the last item: by none. */
  readonly bucketCounts: number[]
  durationSum = 0
  readonly #bounds: readonly number[]

  constructor(type: string, name: string, bounds: readonly number[]) {
    this.labels = { type, name }
    this.#bounds = bounds
    this.bucketCounts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  /** Counts an operation that has ended. */
  count(code: string): void {
    this.countsByCode.set(code, (this.countsByCode.get(code) ?? 0) + 1)
  }

  observeDuration(seconds: number): void {
    let bucket = 0
    while (seconds > (this.#bounds[bucket] ?? Infinity)) bucket += 1
    this.bucketCounts[bucket] = (this.bucketCounts[bucket] ?? 0) + 1
    this.durationSum += seconds
  }
}

/**
 * Counts operations. prom-client looks up the labels of each observation, which takes longer than the rest of a small
 * operation. Here an operation finds its series by its name, and prom-client is given all of them when it is asked.
 */
export class OperationMetrics {
  readonly #seriesByType = new Map<string, Map<string, OperationSeries>>()
  readonly #bounds: readonly number[]

  /** @param bounds The bounds of the buckets for durations, in seconds. */
  constructor(registry: Registry, bounds: readonly number[]) {
    this.#bounds = bounds
    const list = (): OperationSeries[] =>
      this.#seriesByType
        .values()
        .flatMap((byName) => byName.values())
        .toArray()
    registerCounter(registry, list)
    registry.registerMetric(new OperationDurations(bounds, list))
  }

  find(type: string, name: string): OperationSeries {
    let byName = this.#seriesByType.get(type)
    if (!byName) this.#seriesByType.set(type, (byName = new Map()))
    let series = byName.get(name)
    if (!series) byName.set(name, (series = new OperationSeries(type, name, this.#bounds)))
    return series
  }
}

function registerCounter(registry: Registry, list: () => readonly OperationSeries[]): void {
  const counter: Counter<'type' | 'name' | 'code'> = new Counter({
    name: 'segue_operations_total',
    help: 'GraphQL operations that have ended, by type, name and error code (OK: none). Names after the first 100 are "other".',
    labelNames: ['type', 'name', 'code'],
    registers: [registry],
    collect: () => {
      counter.reset()
      for (const { labels, countsByCode } of list())
        for (const [code, count] of countsByCode) counter.inc({ ...labels, code }, count)
    },
  })
}

/** A histogram of prom-client with the values of the series. */
class OperationDurations extends Histogram<'type' | 'name'> {
  readonly #bounds: readonly number[]
  readonly #list: () => readonly OperationSeries[]

  constructor(bounds: readonly number[], list: () => readonly OperationSeries[]) {
    super({
      name: durationMetric,
      help: durationHelp,
      labelNames: ['type', 'name'],
      buckets: [...bounds],
      registers: [],
    })
    this.#bounds = bounds
    this.#list = list
  }

  /** What prom-client asks for when it writes text. */
  async getForPromString(): Promise<object> {
    const values = this.#list().flatMap((series) => this.#listValues(series))
    return { name: durationMetric, help: durationHelp, type: 'histogram', values }
  }

  #listValues({ labels, bucketCounts, durationSum }: OperationSeries): object[] {
    let count = 0
    const buckets = bucketCounts.map((added, index) => {
      count += added
      return {
        metricName: `${durationMetric}_bucket`,
        labels: { le: this.#bounds[index] ?? '+Inf', ...labels },
        value: count,
      }
    })
    if (count === 0) return []
    return [
      ...buckets,
      { metricName: `${durationMetric}_sum`, labels, value: durationSum },
      { metricName: `${durationMetric}_count`, labels, value: count },
    ]
  }
}
