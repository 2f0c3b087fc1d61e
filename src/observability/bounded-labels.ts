/** Longer values are `other`: they are data rather than names. In UTF-16 code units. */
const maxLabelLength = 64

/** Values for a label of a metric, of which clients can invent as many as they like: all after the first ones are `other`. */
export class BoundedLabels {
  readonly #maxCount: number
  readonly #labels = new Set<string>()

  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  toLabel(value: string): string {
    if (this.#labels.has(value)) return value
    if (value.length > maxLabelLength || this.#labels.size >= this.#maxCount) return 'other'
    this.#labels.add(value)
    return value
  }
}
