const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** A size for people, such as `1.4 MB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)), units.length - 1)
  const unit = units[power] ?? 'byte'
  const maximumFractionDigits = power === 0 ? 0 : 1
  return new Intl.NumberFormat('en', { style: 'unit', unit, maximumFractionDigits }).format(bytes / 1024 ** power)
}
