import type { Readiness } from '../../lib/telemetry/readiness.ts'
import type { PublicRequestHandler } from './router.ts'
import { sendJson } from './send-json.ts'

const headers = { 'cache-control': 'no-store' }

/** Answers `/health`: 200 as long as the process can answer at all. */
export function createHealthHandler(): PublicRequestHandler {
  return (_, response) => sendJson(response, 200, { status: 'ok' }, headers)
}

/**
 * Answers `/ready`: 200 if the server takes new work, otherwise 503. `problems` says what is wrong, also what does not keep
 * it from working.
 */
export function createReadyHandler(readiness: Readiness): PublicRequestHandler {
  return (_, response) => {
    const { isReady } = readiness
    const problems = readiness.problems.map(({ component, message }) => ({ component, message }))
    sendJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'unavailable', problems }, headers)
  }
}
