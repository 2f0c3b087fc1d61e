import { describe, expect, test } from 'vitest'
import { ApprovalPolicy } from '../../../../src/agent/tools/approval-policy.ts'
import { approvalRulesSchema } from '../../../../src/config/profile/approvals.ts'

const writes = (name: string) => ({ name, isReadOnly: false })
const reads = (name: string) => ({ name, isReadOnly: true })

describe('without a rule', () => {
  const policy = new ApprovalPolicy({})

  test('read-only tools run, and others ask', () => {
    expect(policy.findRule(reads('files__read'))).toBe('allow')
    expect(policy.findRule(writes('files__write'))).toBe('ask')
  })
})

describe('a pattern', () => {
  test('without * matches the complete name', () => {
    const policy = new ApprovalPolicy({ files__write: 'deny' })
    expect(policy.findRule(writes('files__write'))).toBe('deny')
    for (const other of ['files__write_all', 'my_files__write', 'files__writ', 'FILES__WRITE', 'files__write\n']) {
      expect(policy.findRule(writes(other)), JSON.stringify(other)).toBe('ask')
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
    for (const name of names) expect(policy.findRule(writes(name)), name).toBe('deny')
  })

  test('has no other special characters', () => {
    const policy = new ApprovalPolicy({ 'a-b*': 'deny', 'x.y': 'deny', '[ab]': 'deny', 'a|b': 'deny' })
    expect(policy.findRule(writes('a-bc'))).toBe('deny')
    for (const other of ['xzy', 'a', 'b']) expect(policy.findRule(writes(other)), other).toBe('ask')
  })
})

describe('of several matching patterns', () => {
  test('the last one applies, however specific the others are', () => {
    const policy = new ApprovalPolicy({ '*': 'deny', 'files__*': 'allow', files__delete: 'ask', '*_all': 'deny' })
    expect(policy.findRule(reads('web__fetch'))).toBe('deny')
    expect(policy.findRule(writes('files__write'))).toBe('allow')
    expect(policy.findRule(reads('files__delete'))).toBe('ask')
    expect(policy.findRule(writes('files__read_all'))).toBe('deny')
    expect(new ApprovalPolicy({ files__delete: 'ask', 'files__*': 'allow' }).findRule(writes('files__delete'))).toBe(
      'allow',
    )
  })

  test('a rule overrides the annotation of a tool', () => {
    const policy = new ApprovalPolicy({ look: 'ask', touch: 'allow' })
    expect(policy.findRule(reads('look'))).toBe('ask')
    expect(policy.findRule(writes('touch'))).toBe('allow')
  })
})

test('every pattern that config.json allows is valid', () => {
  const rules = approvalRulesSchema.parse({ 'files__*': 'allow', 'my-server__delete': 'deny' })
  const policy = new ApprovalPolicy(rules)
  expect([policy.findRule(writes('files__x')), policy.findRule(reads('my-server__delete'))]).toEqual(['allow', 'deny'])
  for (const wrong of [{ 'a.b': 'allow' }, { '': 'allow' }, { a: 'never' }, ['a']]) {
    expect(approvalRulesSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
  }
})
