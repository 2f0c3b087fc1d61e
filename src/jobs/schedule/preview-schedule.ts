import { createBadInputError, SegueError } from '../../lib/errors.ts'
import { detectServerTimeZone } from '../../lib/time-zone.ts'
import { normalizeSchedule, parseFutureSchedule } from './parse-schedule.ts'
import { listNextDueTimes } from './schedule.ts'

export interface SchedulePreviewRequest {
  /** As a person writes it. */
  readonly schedule: string
  /** Null: that of the server. */
  readonly timezone: string | null
  /** When the job would be made, in epoch milliseconds. */
  readonly now: number
  /** How many times to return at most. */
  readonly count: number
}

/**
 * The first due times of a job that is made now, in epoch milliseconds, earliest first. Throws what making the job would
 * throw; the paths of the errors begin with `schedule` or `timezone`.
 */
export function previewSchedule({ schedule, timezone, now, count }: SchedulePreviewRequest): number[] {
  try {
    const unparsed = {
      schedule: normalizeSchedule(schedule),
      timezone: timezone ?? detectServerTimeZone(),
      anchor: now,
    }
    return listNextDueTimes(parseFutureSchedule(unparsed, now), now, count)
  } catch (error) {
    throw error instanceof SegueError ? createBadInputError(error.message, ...listFieldPath(error)) : error
  }
}

/** The path of the error without the argument `input` of the mutations, which a preview does not have. */
function listFieldPath({ details: { path = [] } }: SegueError): readonly (string | number)[] {
  return path[0] === 'input' ? path.slice(1) : path
}
