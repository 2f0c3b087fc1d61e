import type { PartOrigin } from '../../model/message.ts'
import type { TurnState } from './turn.ts'

/** The step of a part that begins now. None if the agent tells of no steps. */
export function getCurrentStep({ currentStep }: TurnState): Pick<PartOrigin, 'step'> {
  return currentStep === null ? {} : { step: currentStep }
}

/** What a delta tells of its part. The first delta begins the part, at the time of the delta. */
export function getDeltaOrigin(turn: TurnState, partIndex: number, at: number): Pick<PartOrigin, 'step' | 'startedAt'> {
  const part = turn.answer?.parts[partIndex]
  if (!part) return { ...getCurrentStep(turn), startedAt: at }
  const { step, startedAt } = part
  return { ...(step !== undefined && { step }), ...(startedAt !== undefined && { startedAt }) }
}
