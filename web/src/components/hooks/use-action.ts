import { useState } from 'react'

interface Action {
  readonly isRunning: boolean
  /** Why the last run was refused, for people. */
  readonly error: string | null
  run(action: () => Promise<void>): void
}

/** Runs what buttons ask for, one at a time, and keeps the reason why the last one was refused. */
export function useAction(): Action {
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
