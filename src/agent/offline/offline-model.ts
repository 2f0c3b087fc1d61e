import type { FoundModel } from '../models/model-registry.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { eliza } from './eliza-agent.ts'
import { offlineWriter } from './offline-text-generator.ts'

/** What answers as `offline/eliza`. It reads all of a chat, however long. */
export function offlineModel(options: {
  readonly delayMs: number
  readonly toolbox: Toolbox
}): Pick<FoundModel, 'agent' | 'writer' | 'window'> {
  return { agent: eliza(options), writer: offlineWriter, window: Number.POSITIVE_INFINITY }
}
