import { useEffect, useReducer, useRef } from 'react'

/** A value that changes at most once in an interval of so many milliseconds. With 0, at once. */
export function usePacedValue<Value>(value: Value, intervalMs: number): Value {
  const [turn, takeTurn] = useReducer((last: number) => last + 1, 0)
  const shown = useRef({ value, turn, at: 0 })
  if (intervalMs === 0 || shown.current.turn !== turn) shown.current = { value, turn, at: performance.now() }
  const isBehind = !Object.is(shown.current.value, value)
  useEffect(() => {
    if (!isBehind) return
    const timer = setTimeout(takeTurn, shown.current.at + intervalMs - performance.now())
    return () => clearTimeout(timer)
  }, [isBehind, intervalMs])
  return shown.current.value
}
