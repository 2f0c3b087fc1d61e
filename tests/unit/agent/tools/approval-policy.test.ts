import { describe, expect, test } from 'vitest'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import { configuredApprovalsSchema } from '../../../../src/config/profile/approvals.ts'

const writes = (name: string) => ({ name, isReadOnly: false })
const reads = (name: string) => ({ name, isReadOnly: true })

describe('without a rule', () => {
  const policy = new ApprovalPolicy({})

  test('read-only tools run, and others ask', () => {
    expect(policy.findAction(reads('files__read'))).toBe('allow')
    expect(policy.findAction(writes('files__write'))).toBe('ask')
  })
})

describe('a pattern', () => {
  test('without * matches the complete name', () => {
    const policy = new ApprovalPolicy({ files__write: 'deny' })
    expect(policy.findAction(writes('files__write'))).toBe('deny')
    for (const other of ['files__write_all', 'my_files__write', 'files__writ', 'FILES__WRITE', 'files__write\n']) {
      expect(policy.findAction(writes(other)), JSON.stringify(other)).toBe('ask')
    }
  })

  test.each([
    ['*', ['a', 'files__write']],
    ['files__*', ['files__', 'files__write']],
    ['*__write', ['__write', 'files__write', 'a__b__write']],
    ['files__*_file', ['files__read_file', 'files___file']],
    ['*a*b*', ['ab', 'xaxbx']],
    ['**', ['a']],
  ])('%s matches any characters at *, including none', (pattern, names) => {
    const policy = new ApprovalPolicy({ [pattern]: 'deny' })
    for (const name of names) expect(policy.findAction(writes(name)), name).toBe('deny')
  })

  test('has no other special characters', () => {
    const policy = new ApprovalPolicy({ 'a-b*': 'deny', 'x.y': 'deny', '[ab]': 'deny', 'a|b': 'deny' })
    expect(policy.findAction(writes('a-bc'))).toBe('deny')
    for (const other of ['xzy', 'a', 'b']) expect(policy.findAction(writes(other)), other).toBe('ask')
  })
})

describe('of several matching patterns', () => {
  test('the last one applies, however specific the others are', () => {
    const policy = new ApprovalPolicy({ '*': 'deny', 'files__*': 'allow', files__delete: 'ask', '*_all': 'deny' })
    expect(policy.findAction(reads('web__fetch'))).toBe('deny')
    expect(policy.findAction(writes('files__write'))).toBe('allow')
    expect(policy.findAction(reads('files__delete'))).toBe('ask')
    expect(policy.findAction(writes('files__read_all'))).toBe('deny')
    expect(new ApprovalPolicy({ files__delete: 'ask', 'files__*': 'allow' }).findAction(writes('files__delete'))).toBe(
      'allow',
    )
  })

  test('a rule overrides the annotation of a tool', () => {
    const policy = new ApprovalPolicy({ look: 'ask', touch: 'allow' })
    expect(policy.findAction(reads('look'))).toBe('ask')
    expect(policy.findAction(writes('touch'))).toBe('allow')
  })
})

describe('a list of conditions', () => {
  const policy = new ApprovalPolicy({
    files__write: [
      { condition: null, action: 'ask' },
      { condition: { path: 'notes/*' }, action: 'allow' },
      { condition: { path: 'notes/private/*' }, action: 'deny' },
    ],
  })
  const findAction = (path: string) => policy.findAction(writes('files__write'), { path })

  test('applies by the last condition that the arguments fulfil', () => {
    expect(findAction('other/a')).toBe('ask')
    expect(findAction('notes/a')).toBe('allow')
    expect(findAction('notes/private/a')).toBe('deny')
  })

  test('that fits nothing leaves the call to the patterns before it', () => {
    const rules = { 'files__*': 'deny', files__write: [{ condition: { path: 'notes/*' }, action: 'allow' }] } as const
    expect(new ApprovalPolicy(rules).findAction(writes('files__write'), { path: 'x' })).toBe('deny')
  })

  test('is not fulfilled while the arguments are not known', () => {
    expect(policy.findAction(writes('files__write'))).toBe('ask')
  })

  test('cannot be evaded with a path to the folder above: such a call asks', () => {
    expect(findAction('notes/../a')).toBe('ask')
    const strict = new ApprovalPolicy({
      files__read: 'allow',
      '*__read': [{ condition: { path: 'secret/*' }, action: 'deny' }],
    })
    expect(strict.findAction(reads('files__read'), { path: 'a' })).toBe('allow')
    expect(strict.findAction(reads('files__read'), { path: 'x/../secret/a' })).toBe('ask')
  })
})

test.each([
  'Secret/a',
  'secret\\a',
  './secret/a',
  './/secret/a',
  '././/secret/a',
  'x/..\\secret/a',
  '%73ecret/a',
  '%2573ecret%2fa',
  'ｓecret/a',
  'sec\u200bret/a',
])('a path that may be one that a condition denies asks: %s', (path) => {
  const policy = new ApprovalPolicy({
    files__read: 'allow',
    '*__read': [{ condition: { path: 'secret/*' }, action: 'deny' }],
  })
  expect(policy.findAction(reads('files__read'), { path })).toBe('ask')
  expect(policy.findAction(reads('files__read'), { path: 'secret/a' })).toBe('deny')
  for (const other of ['secrets/a', 'a/secret/b', 'public/a'])
    expect(policy.findAction(reads('files__read'), { path: other }), other).toBe('allow')
})

test('every pattern that config.json allows is valid', () => {
  const rules = configuredApprovalsSchema.parse({ 'files__*': 'allow', 'my-server__delete': 'deny' })
  const policy = new ApprovalPolicy(rules)
  expect([policy.findAction(writes('files__x')), policy.findAction(reads('my-server__delete'))]).toEqual([
    'allow',
    'deny',
  ])
  const parse = (text: string) => configuredApprovalsSchema.safeParse({ a: JSON.parse(text) })
  expect(parse('[{"if":{"path":"notes/*"},"then":"allow"},{"then":"deny"}]').data).toEqual({
    a: [
      { condition: { path: 'notes/*' }, action: 'allow' },
      { condition: null, action: 'deny' },
    ],
  })
  for (const wrong of [
    '[{"if":"x","then":"allow"}]',
    '[{"if":{}}]',
    '[{"then":"allow","else":"deny"}]',
    '{"then":"allow"}',
  ])
    expect(parse(wrong).success, wrong).toBe(false)
  for (const wrong of [{ 'a.b': 'allow' }, { '': 'allow' }, { a: 'never' }, ['a']]) {
    expect(configuredApprovalsSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
  }
})
