// Its hooks run in the browser: frameworks with server components load it there.
'use client'

export { useSegueRuntime, type UseSegueRuntimeOptions } from './use-segue-runtime.ts'
export { toThreadMessage } from './to-thread-message.ts'
export type { FormPayload } from './to-tool-call-part.ts'
