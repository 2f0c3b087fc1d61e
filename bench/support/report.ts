import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a benchmark has found out about one kind of work. All figures are ratios to the limit, which is 1.00. */
export interface BenchmarkRow {
  readonly what: string
  /** What does the same work with as little as possible. */
  readonly limit: string
  readonly peers: Readonly<Record<string, number>>
  readonly segue: number
  readonly aim: number
  /** Whether less than the aim is better, as with times and memory. Default: false. */
  readonly lowerIsBetter?: boolean
}

export interface BenchmarkReport {
  /** The name of the benchmark. */
  readonly name: string
  readonly rows: readonly BenchmarkRow[]
  /** Every round, for those who want to look closer. */
  readonly details?: unknown
}

const resultsFolder = join(import.meta.dirname, '..', 'results')

/** Prints the rows as a table, and writes them to `bench/results/<name>.json`. */
export function reportBenchmark(report: BenchmarkReport): void {
  mkdirSync(resultsFolder, { recursive: true })
  const path = join(resultsFolder, `${report.name}.json`)
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`)
  process.stdout.write(`\n${formatTable(report.rows)}\n\nWritten to bench/results/${report.name}.json\n`)
}

function formatTable(rows: readonly BenchmarkRow[]): string {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))]
  const head = ['limit = 1.00', ...peers, 'Segue', 'aim', '']
  const lines = rows.map((row) => [
    row.what,
    ...peers.map((peer) => row.peers[peer]?.toFixed(2) ?? '–'),
    row.segue.toFixed(2),
    `${row.lowerIsBetter ? '≤' : '≥'} ${row.aim}`,
    meetsAim(row) ? 'met' : 'not met',
  ])
  const table = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)))
  return table
    .map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map((line) => line.join('  ').trimEnd())
    .join('\n')
}

/** Whether the row is as good as it should be. Rounded as it is printed. */
function meetsAim({ segue, aim, lowerIsBetter = false }: BenchmarkRow): boolean {
  const rounded = Number(segue.toFixed(2))
  return lowerIsBetter ? rounded <= aim : rounded >= aim
}
