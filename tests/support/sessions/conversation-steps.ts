import fc from 'fast-check'
import type { ConversationFixture } from './conversation-fixture.ts'
import { isSegueId, segueId, type ModelSession } from './conversation-model.ts'

const ids = [...[1, 2, 3, 4, 5].map(segueId), 'h1', 'h2', 'h3', 'h4', 'h5', 'H1']
const anyId = fc.constantFrom(...ids)
const time = fc.integer({ min: 1, max: 12 })

const anySession: fc.Arbitrary<ModelSession> = fc.record({
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
  | { readonly kind: 'upsert'; readonly session: ModelSession }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'addMessage' | 'deleteMessages'; readonly id: string; readonly at: number }
  | { readonly kind: 'check' }

/** A write to either database, or a check in between. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('upsert'), session: anySession }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), id: anyId }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('addMessage'), id: anyId, at: time }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deleteMessages'), id: anyId, at: time }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'check' } as const) },
)

/** What a person sets for the conversation of a session. */
export const anySettingsChange = fc.record({
  kind: fc.constant('set'),
  id: anyId,
  patch: fc.record(
    { title: fc.constantFrom('Bees', 'Owls'), archived: fc.boolean(), pinned: fc.boolean() },
    { requiredKeys: [] },
  ),
})

export function applyStep(fixture: ConversationFixture, step: Step): void {
  // Segue sessions have no branch markers.
  if (step.kind === 'upsert')
    fixture.upsertSession(isSegueId(step.session.id) ? { ...step.session, branchOf: null } : step.session)
  if (step.kind === 'delete') fixture.delete(step.id)
  if (step.kind === 'addMessage') fixture.addMessage(step.id, step.at)
  if (step.kind === 'deleteMessages') fixture.deleteMessagesFrom(step.id, step.at)
}
