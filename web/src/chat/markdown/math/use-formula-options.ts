import type { Options } from 'react-markdown'
import { useEffect, useSyncExternalStore } from 'react'

type FormulaOptions = Pick<Options, 'remarkPlugins' | 'components'>

let options: FormulaOptions | null = null
let loading: Promise<void> | null = null
const listeners = new Set<() => void>()

/** What shows formulas, once it is loaded. It is loaded when it is needed first. */
export function useFormulaOptions(isNeeded: boolean): FormulaOptions | null {
  const loaded = useSyncExternalStore(subscribe, () => (isNeeded ? options : null))
  useEffect(() => {
    if (isNeeded) load()
  }, [isNeeded])
  return loaded
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function load(): void {
  loading ??= import('./formulas.tsx').then(
    ({ formulaOptions }) => {
      options = formulaOptions
      for (const listener of listeners) listener()
    },
    // Without a connection, formulas stay as they are written. The next one tries again.
    () => {
      loading = null
    },
  )
}
