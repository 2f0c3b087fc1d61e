import type { ChatEvent, EventDraft } from '../chat-event.ts'

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
export function isContextEvent(event: EventDraft): boolean {
  // A message that is to join an answer is sent from its next request on.
  if (event.type === 'MessageSteered') return event.steeringState === 'APPLIED'
  return !otherTypes.has(event.type)
}
