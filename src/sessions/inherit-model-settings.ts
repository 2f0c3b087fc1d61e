import type { SessionRecord } from '../model/session.ts'

/** What a session takes over from the Segue session that it is a copy of, or that it continues, about the model that answers. */
export function inheritModelSettings({
  model,
  instructions = null,
  effort = null,
}: SessionRecord): Pick<SessionRecord, 'model' | 'instructions' | 'effort'> {
  return { model, instructions, effort }
}
