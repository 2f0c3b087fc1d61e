import { useState } from 'react'

interface ItemAction {
  readonly isRunning: boolean
  /** Why the last action was refused, for people. */
  readonly error: string | null
  run(action: () => Promise<void>): void
}

/** Runs the actions of one item, one at a time, and keeps the reason why the last one was refused. */
export function useItemAction(): ItemAction {
  const [isRunning, setRunning] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const run = (action: () => Promise<void>): void => {
    setRunning(true)
    setError(null)
    action()
      .catch((reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)))
      .finally(() => setRunning(false))
  }
  return { isRunning, error, run }
}
