import { expect, test } from 'vitest'
import { qualifyToolName } from '../../../../src/agent/mcp/tool-name.ts'

test('a name that fits stays as it is, behind the name of its server', () => {
  expect(qualifyToolName('GitHub', 'create_issue')).toBe('GitHub__create_issue')
  expect(qualifyToolName('a', '_b')).toBe('a___b')
  expect(qualifyToolName('s'.repeat(40), 't'.repeat(22))).toBe(`${'s'.repeat(40)}__${'t'.repeat(22)}`)
})

test.each(['files/read', 'read file', 'größe', '', 'x'.repeat(60), '💡'.repeat(40)])(
  '%j is made to fit, always in the same way',
  (name) => {
    const made = qualifyToolName('server', name)
    expect(made).toMatch(/^server__[a-zA-Z0-9_-]{0,47}_[0-9a-f]{8}$/)
    expect(made).toBe(qualifyToolName('server', name))
    expect(qualifyToolName('s'.repeat(40), name)).toMatch(/^s{40}__[a-zA-Z0-9_-]{9,22}$/)
  },
)

test('names that look alike when they are made to fit stay apart', () => {
  const alike = ['a/b', 'a.b', 'a b', 'a_b', 'x'.repeat(60), 'x'.repeat(61)]
  expect(new Set(alike.map((name) => qualifyToolName('server', name))).size).toBe(alike.length)
})
