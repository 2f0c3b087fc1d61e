import type { IncomingMessage } from 'node:http'
import type { Readiness } from '../../lib/telemetry/readiness.ts'
import type { Viewer } from '../../model/viewer.ts'
import type { PublicRequestHandler } from './router.ts'
import { sendJson } from './send-json.ts'

const headers = { 'cache-control': 'no-store' }

/** Answers `/health`: 200 as long as the process can answer at all. */
export function createHealthHandler(): PublicRequestHandler {
  return (_, response) => sendJson(response, 200, { status: 'ok' }, headers)
}

/**
 * Answers `/ready`: 200 if the server takes new work, otherwise 503. To an administrator, `problems` says what is wrong,
 * also what does not keep it from working. It names profiles, which do not exist for others.
 */
export function createReadyHandler(
  readiness: Readiness,
  findViewer: (request: IncomingMessage) => Promise<Viewer | null>,
): PublicRequestHandler {
  return async (request, response) => {
    const viewer = await findViewer(request)
    const { isReady } = readiness
    const problems = readiness.problems.map(({ component, message }) => ({ component, message }))
    const status = { status: isReady ? 'ready' : 'unavailable' }
    sendJson(response, isReady ? 200 : 503, viewer?.role === 'ADMIN' ? { ...status, problems } : status, headers)
  }
}
