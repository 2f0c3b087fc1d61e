import { once } from './once.ts'
import type { UsageCost } from 'segue-client'

const counts = once(() => new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }))

/** A number of tokens or words: `950`, `1.2K`. */
export function formatCount(count: number): string {
  return counts().format(count)
}

/** An amount of money with as many digits as it needs: `$0.0042`, `$1.20`; an estimate with `~` before it. */
export function formatCost({ amount, currency = 'USD', estimated }: UsageCost): string {
  const digits = amount > 0 && amount < 0.1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 }
  const text = new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount)
  return estimated ? `~${text}` : text
}
