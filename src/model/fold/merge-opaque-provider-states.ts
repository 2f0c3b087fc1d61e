import type { OpaqueProviderState } from '../message.ts'

/** The state of a part after more of it has come. A key that it has stays as it is, so that events can be applied again. */
export function mergeOpaqueProviderStates(
  earlier: OpaqueProviderState | undefined,
  later: OpaqueProviderState | undefined,
): OpaqueProviderState | undefined {
  return earlier && later ? { ...later, ...earlier } : (earlier ?? later)
}
