export interface ShownCost {
  readonly amount: number
  readonly currency: string
  readonly estimated: boolean
}

const whole = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const formatNumber = (value: number): string => whole.format(value)

/** A large number in few characters, such as `12.3K`. */
export const formatCompactNumber = (value: number): string => compact.format(value)

/** A cost in its currency. Small amounts keep two digits that count. An estimate begins with `≈`. */
export function formatCost({ amount, currency, estimated }: ShownCost): string {
  const digits =
    amount !== 0 && amount < 1
      ? { minimumSignificantDigits: 2, maximumSignificantDigits: 2 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 }
  const text = new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount)
  return estimated ? `≈ ${text}` : text
}
