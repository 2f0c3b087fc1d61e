import { expect, test } from 'vitest'
import { formatCost, formatCount } from '../../src/formats/format-usage.ts'

test('counts are as Intl writes them in short', () => {
  const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
  const edges = [0, 1, 999, 1000, 1049, 1051, 12_345, 999_949, 999_951, 1e6, 1_234_567, 999_960_000, 2.5e9, 7e12]
  for (const count of [...edges, ...Array.from({ length: 500 }, (_, index) => index ** 3 + index)])
    expect(formatCount(count), String(count)).toBe(short.format(count))
})

test('money is as Intl writes it, with two digits that are not 0 where it is little', () => {
  const write = (amount: number, digits: Intl.NumberFormatOptions, currency = 'USD'): string =>
    new Intl.NumberFormat('en', { style: 'currency', currency, ...digits }).format(amount)
  for (const amount of [0, 0.1, 0.456, 1, 1.2, 12.344, 998.99, 1234.5, 1e6])
    expect(formatCost({ amount, estimated: false }), String(amount)).toBe(write(amount, { maximumFractionDigits: 2 }))
  for (const amount of [0.0999, 0.0996, 0.05, 0.0042, 0.00032, 0.000072, 1.26e-7])
    expect(formatCost({ amount, estimated: false }), String(amount)).toBe(
      write(amount, { maximumSignificantDigits: 2 }),
    )
  expect(formatCost({ amount: 0.5, currency: 'EUR', estimated: true })).toBe('~€0.50')
})
