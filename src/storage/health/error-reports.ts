/** Reports the errors of a database, those of a transaction at its end. */
export class ErrorReports {
  readonly #report: (error: unknown) => void
  #withheld: unknown[] | null = null

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  readonly add = (error: unknown): void => {
    if (this.#withheld) this.#withheld.push(error)
    else this.#report(error)
  }

  /** Reports what `work` adds when it has ended, apart from what it removes from the list. */
  withhold<T>(work: (errors: unknown[]) => T): T {
    const errors: unknown[] = []
    this.#withheld = errors
    try {
      return work(errors)
    } finally {
      this.#withheld = null
      for (const error of errors) this.#report(error)
    }
  }
}
