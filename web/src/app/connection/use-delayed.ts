import { useEffect, useState } from 'react'

/** True once `value` has been true for so many milliseconds. False at once when it is false. */
export function useDelayed(value: boolean, delayMs: number): boolean {
  const [isLasting, setLasting] = useState(false)
  useEffect(() => {
    if (!value) return
    const timer = setTimeout(() => setLasting(true), delayMs)
    return () => {
      clearTimeout(timer)
      setLasting(false)
    }
  }, [value, delayMs])
  return value && isLasting
}
