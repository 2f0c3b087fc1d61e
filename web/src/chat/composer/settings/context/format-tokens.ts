import { once } from '../../../../formats/once.ts'

const format = once(() => new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }))

/** A number of tokens for people, such as `12.3K`. */
export function formatTokens(tokens: number): string {
  return format().format(tokens)
}
