import { strings } from '../../../../strings/strings.ts'
import { formatCount } from '../../../../formats/format-usage.ts'
import type { ChatModel } from './use-models.ts'

/** What is known of a model, for people: how much it takes, and what it cannot do. */
export function describeModel({
  contextWindow,
  efforts,
  supportsImages,
  supportsTools,
  omittedTools,
}: ChatModel): string {
  const { settings } = strings
  return [
    contextWindow !== null && contextWindow !== undefined && settings.window(formatCount(contextWindow)),
    efforts.length > 0 && settings.effortsOf(listEfforts(efforts)),
    supportsImages === false && settings.noImages,
    supportsTools === false && settings.noTools,
    omittedTools.length > 0 && settings.omittedTools(omittedTools.length),
  ]
    .filter((text) => text !== false)
    .join(' · ')
}

function listEfforts(efforts: readonly string[]): string {
  const [least, ...others] = efforts
  return others.length === 0 ? `${least}` : `${least} to ${others.at(-1)}`
}
