import type { Logger } from '../lib/logger.ts'
import { segueVersion } from '../config/command-line/segue-version.ts'
import { ServerTelemetry } from './server-telemetry.ts'
import { noTracer, type Tracer } from './tracing/tracer.ts'

/** Creates what measures a server. Traces are recorded if the environment names a receiver; only then the SDK is loaded. */
export async function createServerTelemetry(env: NodeJS.ProcessEnv, log: Logger): Promise<ServerTelemetry> {
  return new ServerTelemetry(await createTracer(env, log))
}

async function createTracer(env: NodeJS.ProcessEnv, log: Logger): Promise<Tracer> {
  if (!env['OTEL_EXPORTER_OTLP_ENDPOINT']) return noTracer
  const { OpenTelemetryTracer } = await import('./tracing/open-telemetry-tracer.ts')
  return new OpenTelemetryTracer({ version: segueVersion, env, log })
}
