import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { toError } from '../../../graphql/to-error.ts'
import { SchedulePreviewDocument } from '../../../graphql/generated/graphql.ts'

/** How long a schedule has to stay as it is before the server is asked: it may still be typed. */
const typingPauseMs = 250

export interface SchedulePreview {
  /** RFC 3339, earliest first. */
  readonly times: readonly string[]
  /** What is wrong with the schedule. Null if it is valid, and until that is known. */
  readonly error: string | null
}

const nothing: SchedulePreview = { times: [], error: null }

/** When a job with this schedule would run, as the server says. That of the schedule before, until it is known. */
export function useSchedulePreview(schedule: string, timezone: string): SchedulePreview {
  const client = useSegueClient()
  const [preview, setPreview] = useState(nothing)
  useEffect(() => {
    if (schedule === '') {
      setPreview(nothing)
      return undefined
    }
    const leave = new AbortController()
    const ask = (): void =>
      void client.request(SchedulePreviewDocument, { schedule, timezone }, { signal: leave.signal }).then(
        ({ schedulePreview }) => setPreview({ times: schedulePreview, error: null }),
        (error: unknown) => {
          if (!leave.signal.aborted) setPreview({ times: [], error: toError(error).message })
        },
      )
    const timer = setTimeout(ask, typingPauseMs)
    return () => {
      clearTimeout(timer)
      leave.abort()
    }
  }, [client, schedule, timezone])
  return preview
}
