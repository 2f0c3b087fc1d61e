/** A function that is loaded when it is called for the first time. */
export function loadOnFirstCall<Args extends readonly unknown[]>(
  load: () => Promise<(...args: Args) => void | Promise<void>>,
): (...args: Args) => Promise<void> {
  let loading: ReturnType<typeof load> | null = null
  return async (...args) => {
    loading ??= load()
    const loaded = await loading
    await loaded(...args)
  }
}
