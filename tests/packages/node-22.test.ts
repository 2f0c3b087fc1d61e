import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'vitest'

test('the server uses only what Node 22.18 has, and what the build polyfills', () => {
  const tsc = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'tsc')
  execFileSync(tsc, ['-p', 'tsconfig.node-22.json'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
})
