/** One value of a metric. */
export interface MetricSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Loads the metrics of a server, with their names as Prometheus sees them: those of a histogram end with _bucket, _sum and _count. */
export async function loadMetrics(url: string): Promise<MetricSample[]> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return text.split('\n').flatMap(parseSample)
}

/** The sum of the values of a metric whose labels include these. */
export function sumOf(
  samples: readonly MetricSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0)
}

function parseSample(line: string): MetricSample[] {
  const [, name = '', labels = '', value] = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? []
  if (value === undefined) return []
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])
  return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }]
}
