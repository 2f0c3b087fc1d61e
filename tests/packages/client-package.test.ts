import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import clientPackage from '../../client/package.json' with { type: 'json' }
import { InstalledPackage, nodeVersions } from './installed-package.ts'

const consumer = join(import.meta.dirname, 'consumer')

/** The compilers that a program may be checked with, and the resolutions that libraries must support. */
const compilers = {
  'TypeScript 5': join(import.meta.dirname, 'node_modules', '.bin', 'tsc'),
  'TypeScript 7': join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'tsc'),
}
const resolutions = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

/** Copies files of the consumer into the folder, as an ES module. */
function copyConsumer({ folder }: InstalledPackage, ...files: readonly string[]): void {
  for (const file of files) cpSync(join(consumer, file), join(folder, 'program', file))
  writeFileSync(join(folder, 'program', 'package.json'), '{ "type": "module" }')
}

/** Type-checks a copied file. Resolves to what the compiler reports. */
async function check(installed: InstalledPackage, file: string, compiler: string, resolution: object): Promise<string> {
  const lib = ['es2023', 'dom', 'dom.iterable']
  const compilerOptions = {
    target: 'es2022',
    lib,
    types: [],
    strict: true,
    noEmit: true,
    jsx: 'react-jsx',
    ...resolution,
  }
  writeFileSync(join(installed.folder, 'program', 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
  const { code, stdout } = await installed.run(compiler, '-p', 'program')
  return code === 0 ? '' : stdout
}

describe.each(nodeVersions)('the client package on Node %s', (_, nodeFolder) => {
  let installed: InstalledPackage

  beforeAll(() => {
    const { server, client } = inject('tarballs')
    installed = new InstalledPackage(nodeFolder, [server, client])
    copyConsumer(installed, 'chat.js', 'main-entry.ts')
  })

  afterAll(() => installed[Symbol.dispose]())

  test('chats with the packed server and stops an answer', async () => {
    const flags = ['--port', '0', '--home', join(installed.folder, 'home'), '--no-hermes', '--offline-delay', '40']
    await using server = await installed.start('npx', '--no-install', 'segue', ...flags)
    const { stdout, stderr } = await installed.run('node', join('program', 'chat.js'), server.url)
    expect(stderr).toBe('')
    const { received, ...result } = JSON.parse(stdout)
    expect(received).toMatch(/\w/)
    expect(result).toEqual({ outcome: 'CANCELLED', typesOfLastEvents: ['StreamFinished'], saved: received })
  })

  test.each(Object.entries(compilers))(
    'its main entry type-checks by %s without other packages',
    async (_name, compiler) => {
      for (const [name, resolution] of Object.entries(resolutions))
        expect(await check(installed, 'main-entry.ts', compiler, resolution), name).toBe('')
    },
  )
})

describe('the client package with the packages that its adapters are for', () => {
  let installed: InstalledPackage

  beforeAll(() => {
    const [, nodeFolder] = nodeVersions.at(-1) ?? []
    const peers = ['react', '@types/react', 'ai', '@ai-sdk/react', '@assistant-ui/react'] as const
    const versions = peers.map((name) => `${name}@${clientPackage.devDependencies[name]}`)
    installed = new InstalledPackage(nodeFolder ?? '', [inject('tarballs').client, ...versions])
    mkdirSync(join(installed.folder, 'program'))
    copyConsumer(installed, 'adapters.tsx')
  })

  afterAll(() => installed[Symbol.dispose]())

  test.each(Object.entries(compilers))('type-checks by %s', async (_name, compiler) => {
    for (const [name, resolution] of Object.entries(resolutions))
      expect(await check(installed, 'adapters.tsx', compiler, { ...resolution, skipLibCheck: true }), name).toBe('')
  })
})
