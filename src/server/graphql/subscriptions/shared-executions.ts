import { SharedExecution, type SharedExecutionOptions, type SharedSubscriber } from './shared-execution.ts'

/** The executions that subscribers share now, by what they execute. */
export class SharedExecutions {
  readonly #byKey = new Map<string, SharedExecution>()

  /** Resolves when a subscriber that has received all events up to a seq is not ahead of what is executed, if anything is. */
  async catchUp(key: string, seq: number): Promise<void> {
    await this.#byKey.get(key)?.catchUpTo(seq)
  }

  /**
   * Has a subscriber that has received all events up to a seq wait for the next result of an execution. Returns null if it has
   * to read on by itself first.
   *
   * @param createOptions Is called if nobody executes this yet. Null if the subscriber is not to begin with it.
   */
  join(
    key: string,
    subscriber: SharedSubscriber,
    seq: number,
    createOptions: () => SharedExecutionOptions | null,
  ): SharedExecution | null {
    const running = this.#byKey.get(key)
    if (running) return running.wait(subscriber, seq) ? running : null
    const options = createOptions()
    return options && this.#start(key, subscriber, options)
  }

  #start(key: string, subscriber: SharedSubscriber, options: SharedExecutionOptions): SharedExecution {
    const execution = new SharedExecution({
      ...options,
      onSizeChange: (size) => {
        if (size === 0 && this.#byKey.get(key) === execution) this.#byKey.delete(key)
        options.onSizeChange(size)
      },
    })
    this.#byKey.set(key, execution)
    execution.wait(subscriber, options.after)
    void execution.run()
    return execution
  }
}
