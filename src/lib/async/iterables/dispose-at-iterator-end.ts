/** Disposes of a resource when an iterator ends, fails or is returned. */
export function disposeAtIteratorEnd<T>(
  values: AsyncIterableIterator<T>,
  resource: Disposable,
): AsyncIterableIterator<T> {
  return {
    async next() {
      try {
        const result = await values.next()
        if (result.done) resource[Symbol.dispose]()
        return result
      } catch (error) {
        resource[Symbol.dispose]()
        throw error
      }
    },
    async return() {
      try {
        return (await values.return?.()) ?? { done: true, value: undefined }
      } finally {
        resource[Symbol.dispose]()
      }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
