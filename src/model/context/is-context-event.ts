import type { ChatEvent } from '../chat-event.ts'

/** Events that change nothing of what a model is sent next. */
const otherTypes: ReadonlySet<ChatEvent['type']> = new Set<ChatEvent['type']>([
  'PartFinished',
  'StepFinished',
  'StreamChanged',
  'StreamFinished',
  'QueueChanged',
  'ApprovalChanged',
  'ClarificationChanged',
  'SessionChanged',
  'SessionContinued',
])

/** Whether an event changes what a model is sent next: a message, or a part of an answer. */
export function isContextEvent({ type }: Pick<ChatEvent, 'type'>): boolean {
  return !otherTypes.has(type)
}
