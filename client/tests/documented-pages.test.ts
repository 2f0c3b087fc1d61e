import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPage } from '../../tests/support/docs/markdown.ts'

const pages = join(import.meta.dirname, 'chromium', 'pages')

/** The page as an app has it: with the package, and the address of its server. */
function toAppSource(source: string): string {
  return source
    .replaceAll(/'\.\.\/\.\.\/\.\.\/src\/(?:(react|ai-sdk|assistant-ui)\/)?index\.ts'/g, (_, entry?: string) =>
      entry === undefined ? "'segue-client'" : `'segue-client/${entry}'`,
    )
    .replace(/new URLSearchParams\(location\.search\)\.get\('server'\) \?\? /, '')
}

test.each([
  ['docs/react.md', 'react-chat.tsx'],
  ['docs/ai-sdk.md', 'ai-sdk-chat.tsx'],
  ['docs/assistant-ui.md', 'assistant-ui-chat.tsx'],
])('%s shows the page that is tested in a browser, which has less than 25 lines', (documentation, page) => {
  const source = toAppSource(readFileSync(join(pages, page), 'utf8'))
  expect(readPage(documentation)).toContain(`\`\`\`tsx\n${source}\`\`\`\n`)
  expect(source.trimEnd().split('\n').length).toBeLessThan(25)
})

test('docs/react.md shows the components whose renders are counted in a browser', () => {
  const source = readFileSync(join(pages, 'render-counts.tsx'), 'utf8')
  const components = source.slice(source.indexOf('const Part ='), source.indexOf('function Page('))
  const shown = components.replaceAll(/^ *count\(.*\n/gm, '').replace(/ data-part=\{`.*?`\}/, '')
  expect(readPage('docs/react.md')).toContain(`\n\n${shown.trimEnd()}\n\`\`\`\n`)
})

test('docs/ai-sdk.md shows the page with steering that is tested in a browser', () => {
  const source = toAppSource(readFileSync(join(pages, 'ai-sdk-steering.tsx'), 'utf8'))
  expect(readPage('docs/ai-sdk.md')).toContain(`\`\`\`tsx\n${source}\`\`\`\n`)
})

test('docs/react.md shows the component for what waits that is tested in a browser', () => {
  const source = readFileSync(join(pages, 'react-waiting.tsx'), 'utf8')
  const component = source.slice(source.indexOf('function Waiting('), source.indexOf('function Page('))
  expect(readPage('docs/react.md')).toContain(`\n\n${component.trimEnd()}\n\`\`\`\n`)
})
