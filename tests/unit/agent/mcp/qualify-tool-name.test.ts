import { expect, test } from 'vitest'
import { qualifyToolName } from '../../../../src/agent/mcp/conversion/qualify-tool-name.ts'

test('a name that fits is only prefixed with its server', () => {
  expect(qualifyToolName('GitHub', 'create_issue')).toBe('GitHub__create_issue')
  expect(qualifyToolName('a', '_b')).toBe('a___b')
  expect(qualifyToolName('s'.repeat(40), 't'.repeat(22))).toBe(`${'s'.repeat(40)}__${'t'.repeat(22)}`)
})

test.each(['files/read', 'read file', 'größe', '', 'x'.repeat(60), '💡'.repeat(40)])(
  'the name %j is changed to fit, deterministically',
  (name) => {
    const qualified = qualifyToolName('server', name)
    expect(qualified).toMatch(/^server__[a-zA-Z0-9_-]{0,47}_[0-9a-f]{8}$/)
    expect(qualified).toBe(qualifyToolName('server', name))
    expect(qualifyToolName('s'.repeat(40), name)).toMatch(/^s{40}__[a-zA-Z0-9_-]{9,22}$/)
  },
)

test('names that are equal after the change stay distinct', () => {
  const names = ['a/b', 'a.b', 'a b', 'a_b', 'x'.repeat(60), 'x'.repeat(61)]
  expect(new Set(names.map((name) => qualifyToolName('server', name))).size).toBe(names.length)
})
