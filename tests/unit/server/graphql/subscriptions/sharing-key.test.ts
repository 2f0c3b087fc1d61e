import { parse, validateSubscriptionArgs } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localViewer, type Viewer } from '../../../../../src/model/viewer.ts'
import { createContext } from '../../../../../src/schema/context.ts'
import { schema } from '../../../../../src/schema/schema.ts'
import { createSharingKey } from '../../../../../src/server/graphql/subscriptions/sharing-key.ts'
import { startTestSegue, type TestSegue } from '../../../../support/server/segue.ts'

let segue: TestSegue
beforeAll(async () => void (segue = await startTestSegue()))
afterAll(() => segue[Symbol.asyncDispose]())

const document =
  parse(`subscription A($id: ID!, $after: Int, $first: Int, $cost: Boolean! = true, $seq: Boolean! = true) {
  followSession(sessionId: $id, after: $after) @include(if: $seq) { ...Event } }
fragment Event on StreamEvent { seq session { usage @include(if: $cost) { inputTokens } messages(first: $first) { edges { cursor } } } }
subscription B($id: ID!, $first: Int, $cost: Boolean! = true) { followSession(sessionId: $id) { ...Event } }`)
const reader: Viewer = { name: 'phone', role: 'READ', profiles: ['default'] }

interface Case {
  readonly operationName?: string
  readonly variables?: object
  readonly viewer?: Viewer
}

function createKey({ operationName = 'A', variables, viewer = reader }: Case): string {
  const context = createContext(segue.profiles, { viewer })
  const variableValues = { id: 'ses_1', ...variables }
  const args = validateSubscriptionArgs({ schema, document, operationName, variableValues, contextValue: context })
  if (!('schema' in args)) throw new Error(JSON.stringify(args))
  return createSharingKey({ args, context })
}

test.each<[string, Case]>([
  ['another token of the same role and profiles', { viewer: { ...reader, name: 'laptop' } }],
  ['another cursor', { variables: { after: 3 } }],
  ['the default value of a variable', { variables: { cost: true } }],
])('%s shares results', (_, other) => {
  expect(createKey(other)).toBe(createKey({}))
})

test.each<[string, Case]>([
  ['another role', { viewer: { ...reader, role: 'USER' } }],
  ['another profile', { viewer: { ...reader, profiles: ['work'] } }],
  ['all profiles', { viewer: localViewer }],
  ['another value of a variable below the field', { variables: { first: 2 } }],
  ['null in place of no value', { variables: { first: null } }],
  ['another value of a variable in a directive of a fragment', { variables: { cost: false } }],
  ['another value of a variable in a directive of the field', { variables: { seq: false } }],
  ['another operation of the document', { operationName: 'B' }],
])('%s shares no results', (_, other) => {
  expect(createKey(other)).not.toBe(createKey({}))
})
