import type { UsageCost } from 'segue-client'

// Written by hand where a chat shows it at once: the first use of `Intl` takes a slow machine 100 ms.
const sizes = [
  ['T', 1e12],
  ['B', 1e9],
  ['M', 1e6],
  ['K', 1e3],
] as const

/** A number of tokens or words: `950`, `1.2K`. */
export function formatCount(count: number): string {
  // What would be rounded to 1,000 of the smaller unit has the larger one.
  const [unit, size] = sizes.find(([, each]) => count >= each * 0.99995) ?? ['', 1]
  return `${Math.round((count / size) * 10) / 10}${unit}`
}

/** An amount of money with as many digits as it needs: `$0.0042`, `$1.20`; an estimate with `~` before it. */
export function formatCost({ amount, currency = 'USD', estimated }: UsageCost): string {
  const text =
    currency === 'USD' && amount >= 0 && amount < 999 ? `$${toDigits(amount)}` : formatMoney(amount, currency)
  return estimated ? `~${text}` : text
}

/** Two digits behind the point; of less than a tenth, the first two that are not 0. */
function toDigits(amount: number): string {
  const decimals = amount > 0 && amount < 0.1 ? Math.min(100, 1 - Math.floor(Math.log10(amount))) : 2
  const text = amount.toFixed(decimals)
  return decimals > 2 ? text.replace(/0+$/, '') : text
}

function formatMoney(amount: number, currency: string): string {
  const digits = amount > 0 && amount < 0.1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 }
  return new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount)
}
