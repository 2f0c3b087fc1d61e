const whole = new Intl.NumberFormat('en')

/** A number with all its digits: `12,345`. */
export const formatNumber = (value: number): string => whole.format(value)
