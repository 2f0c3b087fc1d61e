import type { LiveChatMessage } from 'segue-client/react'
import { formatDuration } from '../../../../formats/format-duration.ts'
import { formatCost } from '../../../../formats/format-usage.ts'
import { strings } from '../../../../strings/strings.ts'

/** What is known of how an answer was made: terms with their values. */
export function listFigures({
  model,
  stream,
  createdAt,
  usage,
}: LiveChatMessage): readonly (readonly [string, string])[] {
  const { figures } = strings.transcript
  const toText = (count: number): string => count.toLocaleString('en')
  return [
    ...(model === null ? [] : [[figures.model, model] as const]),
    ...(stream ? [[figures.firstToken, formatDuration(createdAt - stream.startedAt)] as const] : []),
    ...(stream?.finishedAt ? [[figures.duration, formatDuration(stream.finishedAt - stream.startedAt)] as const] : []),
    ...(usage
      ? ([
          [
            figures.input,
            figures.tokensWithPart(toText(usage.inputTokens), toText(usage.cachedInputTokens), figures.cached),
          ],
          [
            figures.output,
            figures.tokensWithPart(toText(usage.outputTokens), toText(usage.reasoningTokens), figures.reasoning),
          ],
        ] as const)
      : []),
    ...(usage?.cost ? [[figures.cost, formatCost(usage.cost)] as const] : []),
    ...(usage?.estimated ? [[figures.note, figures.estimated] as const] : []),
  ]
}
