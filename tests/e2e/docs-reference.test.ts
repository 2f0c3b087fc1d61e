import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { isEnumType } from 'graphql'
import { z } from 'zod'
import { schema } from '../../src/schema/schema.ts'
import { formatSettingDefault } from '../../src/config/setting-definition.ts'
import { allSettingDefinitions } from '../../src/config/setting-definitions.ts'
import { readSettings, type Settings } from '../../src/config/settings.ts'
import { defaultLimits, limitsSchema } from '../../src/config/limits.ts'
import {
  documentationPages,
  listAnchors,
  listConfigExamples,
  listLinks,
  listTables,
  readPage,
  repositoryRoot,
} from '../support/docs/markdown.ts'
import { newTempFolder } from '../support/server/segue.ts'

const folder = newTempFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The settings of a home with this config.json. */
function readConfig(name: string, text: string, env: NodeJS.ProcessEnv = {}): Settings {
  const home = join(folder, name)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'config.json'), text, { mode: 0o600 })
  return readSettings({ argv: ['--home', home], env, homedir: folder })
}

function exampleWith(key: string): string {
  const example = documentationPages.flatMap(listConfigExamples).find(({ text }) => text.includes(`"${key}"`))
  if (!example) throw new Error(`No page has an example of ${key}`)
  return example.text
}

describe('the page on configuration', () => {
  test('lists every setting with its flag, variable, key, default and description', () => {
    const code = (text: string | null): string => (text === null ? '' : `\`${text}\``)
    const rows = allSettingDefinitions.map((definition) => {
      const { flag, argument, env, key, description } = definition
      const usage = flag && [`--${flag}`, argument].filter(Boolean).join(' ')
      return [code(usage), code(env), code(key), formatSettingDefault(definition), description]
    })
    const table = listTables('docs/configuration.md').find(({ header }) => header[0] === 'Flag')
    expect(table?.header).toEqual(['Flag', 'Environment', 'config.json', 'Default', 'What it is'])
    expect(table?.rows).toEqual(rows)
  })

  test('lists every limit with its default', () => {
    const table = listTables('docs/configuration.md').find(({ header }) => header.join() === 'Key,Default,Meaning')
    const defaults = new Map<string, unknown>(Object.entries(defaultLimits))
    const rows = Object.keys(limitsSchema.shape).map((key) => [
      `\`${key}\``,
      String(defaults.get(key) ?? 'none'),
      expect.any(String),
    ])
    expect(table?.rows).toEqual(rows)
  })

  test.each(listConfigExamples('docs/providers.md').map(({ text }, index) => ({ index, text })))(
    'is followed by examples of providers that are accepted without a warning: $index',
    ({ index, text }) => {
      const names = [...text.matchAll(/"apiKeyEnv": "(\w+)"/g)].map(([, name = '']) => name)
      const env = Object.fromEntries(names.map((name) => [name, 'key']))
      const { providers, warnings } = readConfig(`with-provider-${index}`, text, env)
      const { providers: entries } = z.object({ providers: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text))
      expect(providers?.map(({ name }) => name)).toEqual(Object.keys(entries))
      expect(warnings).toEqual([])
    },
  )

  test('has an example with a provider that is accepted without a warning', () => {
    const example = exampleWith('providers')
    const settings = readConfig('with-providers', example)
    const { model, providers } = z
      .object({ model: z.string(), providers: z.record(z.string(), z.unknown()) })
      .parse(JSON.parse(example))
    expect(settings.model).toBe(model)
    expect(settings.providers?.map(({ name }) => name)).toEqual(Object.keys(providers))
    expect(settings.warnings).toEqual([])
  })
})

describe('the page on tools', () => {
  const env = { HOME: '/home/me', TRACKER_TOKEN: 'token' }
  const examples = listConfigExamples('docs/tools.md').map(({ text }, index) => ({ index, text }))

  test.each(examples)('has an example of servers that is accepted without a warning: $index', ({ index, text }) => {
    const { mcpServers, warnings } = readConfig(`with-servers-${index}`, text, env)
    const { mcpServers: entries } = z.object({ mcpServers: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text))
    expect(mcpServers.map(({ name, prefix }) => [name, prefix])).toEqual(
      Object.keys(entries).map((name) => [name, name]),
    )
    expect(mcpServers.filter(({ type }) => type === 'unused')).toEqual([])
    expect(warnings).toEqual([])
  })

  test('begins with a program and a URL', () => {
    const { mcpServers } = readConfig('with-two-servers', examples[0]?.text ?? '', env)
    expect(mcpServers).toMatchObject([
      { name: 'files', args: ['-y', '@modelcontextprotocol/server-filesystem', '/home/me/notes'] },
      { name: 'tracker', headers: { Authorization: 'Bearer token' } },
    ])
  })

  test('lists every state of a server', () => {
    const table = listTables('docs/tools.md').find(({ header }) => header[0] === 'State')
    const states = schema.getType('McpServerState')
    const names = isEnumType(states) ? states.getValues().map(({ name }) => `\`${name}\``) : []
    expect(table?.rows.map(([name]) => name).toSorted()).toEqual(names.toSorted())
  })
})

test('the page on approvals has an example with rules that is accepted', () => {
  const { approvals } = readConfig('with-rules', exampleWith('approvals'))
  expect(approvals).toEqual({ 'files__*': 'allow', 'files__write_*': 'ask', 'tracker__delete_*': 'deny' })
})

test('the page on origins has an example with origins that is accepted', () => {
  const { allowedOrigins } = readConfig('with-origins', exampleWith('allowOrigins'))
  expect(allowedOrigins).toEqual(['http://localhost:5173', 'https://chat.example.com'])
})

test('the page on clients names the test or the program of every row', () => {
  const tables = listTables('docs/clients.md').filter(({ header }) => header[1] === 'What to set')
  expect(tables).toHaveLength(2)
  for (const { rows } of tables) {
    for (const row of rows) expect(row.at(-1)).toMatch(/\]\(\.\.\/(tests|scripts|examples|codegen)/)
  }
})

test('README has at most 250 lines', () => {
  expect(readPage('README.md').split('\n').length).toBeLessThanOrEqual(250)
})

describe('links', () => {
  const pages = [...documentationPages, 'PROTOCOL.md', 'CONTRIBUTING.md', 'CHANGELOG.md']

  test.each(pages)('of %s lead to files and headings that exist', (page) => {
    const missing = listLinks(page).filter((link) => !/^https?:/.test(link) && !exists(page, link))
    expect(missing).toEqual([])
  })

  test('of README lead to the picture, the schema, the protocol and every page in docs', () => {
    const pagesInDocs = documentationPages.filter((page) => page.startsWith('docs/'))
    const expected = ['docs/segue.svg', 'schema.graphql', 'PROTOCOL.md', ...pagesInDocs]
    expect(listLinks('README.md')).toEqual(expect.arrayContaining(expected))
  })
})

function exists(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(repositoryRoot, target))) return false
  return anchor === undefined || listAnchors(target).includes(anchor)
}
