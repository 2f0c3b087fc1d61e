import { execFileSync } from 'node:child_process'
import { expect, inject, test } from 'vitest'

/** The paths in a tarball, without the folder that all of them are in. */
function listFiles(tarball: string): string[] {
  const list = execFileSync('tar', ['--list', '--file', tarball], { encoding: 'utf8' })
  return list
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
}

test('the packages contain no tests, benches or build sources', () => {
  const { server, client } = inject('tarballs')
  const allowed = {
    [server]:
      /^(dist\/.*\.js|dist\/[^/]*LICENSE\.txt|docs\/[^/]*\.(md|svg|json)|web\/dist\/.*|schema\.graphql|[A-Z]+(\.md)?|package\.json)$/,
    [client]: /^(dist\/.*\.(js|d\.ts)|[A-Z]+(\.md)?|package\.json)$/,
  }
  for (const [tarball, pattern] of Object.entries(allowed)) {
    const files = listFiles(tarball)
    expect(files).toEqual(expect.arrayContaining(['package.json', 'LICENSE']))
    expect(files.filter((file) => !pattern.test(file) || /(^|\/)(tests?|bench|scripts)\//.test(file))).toEqual([])
  }
})

test('what has hooks is loaded in the browser by frameworks with server components', () => {
  const { client } = inject('tarballs')
  for (const entry of ['react', 'ai-sdk', 'assistant-ui']) {
    const args = ['--extract', '--to-stdout', '--file', client, `package/dist/${entry}/index.js`]
    expect(execFileSync('tar', args, { encoding: 'utf8' }), entry).toMatch(/^"use client";/)
  }
})

/** Runs a tool of this folder and returns what it prints, with its status. */
function runTool(name: string, ...args: readonly string[]): string {
  const program = new URL(`node_modules/.bin/${name}`, import.meta.url).pathname
  return execFileSync(program, [...args], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
}

test('publint finds nothing to change in either package', () => {
  for (const tarball of Object.values(inject('tarballs'))) {
    expect(runTool('publint', tarball, '--strict'), tarball).toContain('All good!')
  }
})

test('the types of the client package resolve wherever ES modules are imported', () => {
  runTool('attw', inject('tarballs').client, '--profile', 'esm-only')
})
