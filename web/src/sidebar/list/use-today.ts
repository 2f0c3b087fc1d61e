import { useEffect, useState } from 'react'

/** The start of the day, in the time zone of the page. The component renders again when the next one has begun. */
export function useToday(): Date {
  const [today, setToday] = useState(readToday)
  useEffect(() => {
    const update = (): void => setToday((known) => (known.getTime() === readToday().getTime() ? known : readToday()))
    const tomorrow = new Date(today)
    tomorrow.setDate(tomorrow.getDate() + 1)
    const timer = setTimeout(update, tomorrow.getTime() - Date.now() + 1000)
    // Timers stand still while a machine sleeps.
    document.addEventListener('visibilitychange', update)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', update)
    }
  }, [today])
  return today
}

function readToday(): Date {
  return new Date(new Date().setHours(0, 0, 0, 0))
}
