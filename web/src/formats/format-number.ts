import { once } from './once.ts'

const whole = once(() => new Intl.NumberFormat('en'))

/** A number with all its digits: `12,345`. */
export const formatNumber = (value: number): string => whole().format(value)
