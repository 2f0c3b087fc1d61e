import fc from 'fast-check'
import { type ConversationFixture, isSegueId, segueId, type ModelSession } from './conversation-model.ts'

const ids = [...[1, 2, 3, 4, 5].map(segueId), 'h1', 'h2', 'h3', 'h4', 'h5', 'H1']
const anyId = fc.constantFrom(...ids)
const time = fc.integer({ min: 1, max: 12 })

const anyRow: fc.Arbitrary<ModelSession> = fc.record({
  id: anyId,
  parent: fc.option(fc.constantFrom(...ids, 'gone', segueId(9)), { freq: 5 }),
  end: fc.constantFrom('compression', 'compression', 'cli_close', 'branched', null),
  source: fc.constantFrom('cli', 'cli', 'webui', 'cron', 'tool', 'subagent', 'segue'),
  started: time,
  branchOf: fc.option(fc.constantFrom('h1', 'h2'), { freq: 1 }).map((id) => id),
  archived: fc.boolean(),
  pinned: fc.boolean(),
})

export type Step =
  | { readonly kind: 'put'; readonly row: ModelSession }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'say' | 'takeBack'; readonly id: string; readonly at: number }
  | { readonly kind: 'look' }

/** Something that is done to either database. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put'), row: anyRow }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), id: anyId }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('say'), id: anyId, at: time }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeBack'), id: anyId, at: time }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'look' } as const) },
)

export function applyStep(fixture: ConversationFixture, step: Step): void {
  // What is kept here knows no branches of Hermes' kind.
  if (step.kind === 'put') fixture.upsertSession(isSegueId(step.row.id) ? { ...step.row, branchOf: null } : step.row)
  if (step.kind === 'remove') fixture.delete(step.id)
  if (step.kind === 'say') fixture.addMessage(step.id, step.at)
  if (step.kind === 'takeBack') fixture.deleteMessagesFrom(step.id, step.at)
}
