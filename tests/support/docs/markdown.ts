import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getOperationAST, parse } from 'graphql'

export const repositoryRoot = join(import.meta.dirname, '..', '..', '..')

/** README and every page in `docs/`, as paths from the root of the repository. */
export const documentationPages: readonly string[] = [
  'README.md',
  ...readdirSync(join(repositoryRoot, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

export interface CodeBlock {
  readonly page: string
  readonly language: string
  readonly text: string
  /** Only white space stands between this block and the one before. */
  readonly followsBlock: boolean
}

export interface DocumentedOperation {
  readonly page: string
  readonly name: string
  readonly query: string
  /** The JSON block right after the query; `{}` if there is none. */
  readonly variables: string
}

export function readPage(page: string): string {
  return readFileSync(join(repositoryRoot, page), 'utf8')
}

function listCodeBlocks(page: string): CodeBlock[] {
  const markdown = readPage(page)
  return [...markdown.matchAll(/^```(?<language>\w+)\n(?<text>.*?)^```$/gms)].map(({ groups, index }) => ({
    page,
    language: groups?.['language'] ?? '',
    text: groups?.['text'] ?? '',
    followsBlock: markdown.slice(0, index).trimEnd().endsWith('```'),
  }))
}

export function listOperations(page: string): DocumentedOperation[] {
  const blocks = listCodeBlocks(page)
  return blocks.flatMap((block, index) => {
    if (block.language !== 'graphql') return []
    const next = blocks[index + 1]
    const variables = next?.language === 'json' && next.followsBlock ? next.text : '{}'
    return [{ page, name: operationName(block.text), query: block.text, variables }]
  })
}

/** JSON blocks that are no variables of an operation: examples of config.json. */
export function listConfigExamples(page: string): CodeBlock[] {
  return listCodeBlocks(page).filter(({ language, followsBlock }) => language === 'json' && !followsBlock)
}

/** JavaScript modules. */
export function listScripts(page: string): string[] {
  return listCodeBlocks(page)
    .filter(({ language }) => language === 'js')
    .map(({ text }) => text)
}

export function listCommands(page: string): string[] {
  return listCodeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.trim())
}

export interface Table {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function listTables(page: string): Table[] {
  return [...readPage(page).matchAll(/(?:^\|.*\|\n)+/gm)].map(([text]) => {
    const [header = [], , ...rows] = text
      .trim()
      .split('\n')
      .map((line) =>
        line
          .slice(1, -1)
          .split(' | ')
          .map((cell) => cell.trim()),
      )
    return { header, rows }
  })
}

/** The targets of all links and pictures of a page. */
export function listLinks(page: string): string[] {
  return [...readPage(page).matchAll(/\]\((?<target>[^)]+)\)/g)].map(({ groups }) => groups?.['target'] ?? '')
}

/** The anchors of a page's headings, as GitHub makes them. */
export function listAnchors(page: string): string[] {
  return [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  )
}

function operationName(query: string): string {
  const name = getOperationAST(parse(query))?.name?.value
  if (name === undefined) throw new Error(`An operation in the documentation has no name: ${query}`)
  return name
}
