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
