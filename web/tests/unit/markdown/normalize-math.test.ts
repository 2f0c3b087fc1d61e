import { expect, test } from 'vitest'
import { normalizeMath } from '../../../src/chat/markdown/math/normalize-math.ts'

const math = (source: string) => normalizeMath(source)

test.each(['It costs $5 and $10.', 'USD$30 or $20,000', 'a $ b $ c', 'echo `$PATH`', '```sh\necho $HOME$\n```'])(
  'amounts of money and code are no formulas: %s',
  (source) => {
    expect(math(source).hasMath).toBe(false)
    expect(math(source).source.replaceAll('\\$', '$')).toBe(source)
  },
)

test.each([
  ['Let $x_1$ be $5$ apples.', 'Let $x_1$ be $5$ apples.'],
  ['Let \\(x\\) be.', 'Let $x$ be.'],
  ['It costs $5, where $x$ is.', 'It costs \\$5, where $x$ is.'],
  ['$$\nx\n$$', '$$\nx\n$$'],
])('formulas are found: %s', (source, expected) => {
  expect(math(source)).toEqual({ source: expected, hasMath: true })
})

test('formulas in lines of their own are displayed', () => {
  expect(math('$$x = 1$$').source.trim()).toBe('$$\nx = 1\n$$')
  expect(math('So:\n\\[\nx = 1\n\\]\nThen').source).toMatch(/So:\n+\$\$\nx = 1\n\$\$\n+Then/)
})
