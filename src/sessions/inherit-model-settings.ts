import type { SessionRecord } from '../model/session.ts'

/** What a session takes over from the Segue session that it is a copy of, or that it continues, about the model that answers. */
export function inheritModelSettings({
  model,
  instructions = null,
}: SessionRecord): Pick<SessionRecord, 'model' | 'instructions'> {
  return { model, instructions }
}
