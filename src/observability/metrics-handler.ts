import type { ServerResponse } from 'node:http'
import type { Metrics } from './metrics.ts'

/** Answers `/metrics` in the text format of Prometheus. */
export function createMetricsHandler(metrics: Metrics): (request: object, response: ServerResponse) => Promise<void> {
  return async (_, response) => {
    const text = await metrics.format()
    response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text)
  }
}
