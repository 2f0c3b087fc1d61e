import type { Plugin } from 'graphql-yoga'
import type { Telemetry } from '../../../lib/telemetry/telemetry.ts'
import { findErrorCode } from '../graphql-errors.ts'

/** Counts the operations that are refused before their execution, as the other transports do. */
export function useRefusalCounter(telemetry: Telemetry): Plugin {
  return {
    onParse: () => (parsed) => {
      if (parsed.result instanceof Error) telemetry.countRefusedOperation(findErrorCode(parsed.result))
    },
    onValidate:
      () =>
      ({ valid, result }) => {
        if (!valid) telemetry.countRefusedOperation(findErrorCode(result[0]))
      },
  }
}
