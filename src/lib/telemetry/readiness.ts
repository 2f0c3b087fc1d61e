/** Something that `/ready` and the operator should know. */
export interface ReadinessProblem {
  /** What has the problem, such as `storage:default`. A component has one problem at a time. */
  readonly component: string
  /** A sentence for the operator, without secrets and paths. */
  readonly message: string
  /** Whether the server should get no new work until it is resolved. */
  readonly isBlocking: boolean
}

/** Whether the server can take new work, and what is wrong. One per server; whoever finds a problem reports it. */
export class Readiness {
  readonly #problems = new Map<string, ReadinessProblem>()

  /** Reports a problem of a component. It replaces the component's previous one. */
  report(component: string, message: string, { isBlocking = true }: { readonly isBlocking?: boolean } = {}): void {
    this.#problems.set(component, { component, message, isBlocking })
  }

  /** The component has no problem any more. */
  resolve(component: string): void {
    this.#problems.delete(component)
  }

  /** No problem is blocking. */
  get isReady(): boolean {
    return this.problems.every(({ isBlocking }) => !isBlocking)
  }

  /** In the order in which their components first had one. */
  get problems(): readonly ReadinessProblem[] {
    return [...this.#problems.values()]
  }
}
