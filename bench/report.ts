export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function print(title: string, figures: Readonly<Record<string, number>>): void {
  process.stdout.write(`${title}\n`)
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`  ${name.padEnd(44)} ${value.toLocaleString('en', { maximumFractionDigits: 2 })}\n`)
  }
}
