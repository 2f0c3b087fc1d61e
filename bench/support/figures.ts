/** Returns the value below or at which this fraction of the values lies. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN
}

/** Prints named figures below a title. */
export function printFigures(title: string, figures: Readonly<Record<string, number>>): void {
  process.stdout.write(`${title}\n`)
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`  ${name.padEnd(44)} ${value.toLocaleString('en', { maximumFractionDigits: 2 })}\n`)
  }
}
