import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The tarballs of the server and of the client library. */
    tarballs: { readonly server: string; readonly client: string }
  }
}

const root = join(import.meta.dirname, '..', '..')

/** Builds and packs both packages, as docs/packages.md tells it, once for all tests. */
export default function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'segue-packages-'))
  const pack = (cwd: string): string => {
    const args = ['pack', '--silent', '--pack-destination', folder]
    const name = execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
    return join(folder, name.trim().split('\n').at(-1) ?? '')
  }
  provide('tarballs', { server: pack(root), client: pack(join(root, 'client')) })
  return () => rmSync(folder, { recursive: true, force: true })
}
