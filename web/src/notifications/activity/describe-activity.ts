import type { SegueClient } from 'segue-client'
import { ActivityDetailsDocument } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import type { Activity } from './activity.ts'

const maxLength = 200 // UTF-16 code units

export interface ActivityText {
  /** Of the chat. */
  readonly title: string
  readonly text: string
}

/** What is said of an activity. Null if there is nothing to say: a person has stopped the answer, or deleted the chat. */
export async function describeActivity(client: SegueClient, activity: Activity): Promise<ActivityText | null> {
  const { stream } = await client.request(ActivityDetailsDocument, { streamId: activity.streamId })
  if (!stream) return null
  const title = stream.session.conversation.title ?? strings.conversation.untitled
  if (activity.kind === 'asks') return { title, text: toQuestion(activity.decision) }
  if (stream.status === 'CANCELLED') return null
  if (stream.error) return { title, text: strings.notifications.failed(stream.error.message) }
  return { title, text: strings.notifications.finished(shorten(stream.message?.text ?? '')) }
}

function toQuestion(decision: (Activity & { readonly kind: 'asks' })['decision']): string {
  return decision.kind === 'approval' ? strings.decisions.mayRun(decision.toolCall.name) : shorten(decision.question)
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > maxLength ? `${line.slice(0, maxLength)} …` : line
}
