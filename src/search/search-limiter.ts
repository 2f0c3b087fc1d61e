import { ConcurrencyLimiter } from '../lib/async/concurrency-limiter.ts'
import { SegueError } from '../lib/errors.ts'

const maxConcurrent = 4
const maxQueued = 100

/** Lets four searches run at the same time, and up to a hundred wait; further ones are RATE_LIMITED. */
export function createSearchLimiter(): ConcurrencyLimiter {
  return new ConcurrencyLimiter({
    maxConcurrent,
    maxQueued,
    createRejection: () => new SegueError('RATE_LIMITED', 'Too many searches are waiting. Try again later.'),
  })
}
