import { expect, test } from 'vitest'
import { runFuzz } from '../fuzz/fuzz.ts'

test(
  'random operations get responses that are right in shape, fail without INTERNAL, and reveal nothing of another profile',
  { timeout: 120_000 },
  async () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? 1)
    console.info(`Fuzz run with seed ${seed}. To repeat it for longer: npm run fuzz -- --seed ${seed}`)
    const { findings, valid, withData, markersSeen, codes } = await runFuzz({ seed, operations: 250 })
    expect(findings).toEqual([])
    // The run is worth something: most documents are valid, and many responses have data, also of the marked chats.
    expect(valid).toBeGreaterThan(125)
    expect(withData).toBeGreaterThan(80)
    expect(markersSeen).toBeGreaterThan(0)
    expect(Object.keys(codes)).toEqual(
      expect.arrayContaining(['BAD_USER_INPUT', 'FORBIDDEN', 'NOT_FOUND', 'TOO_LARGE']),
    )
  },
)

test(
  'of random operations, a server with only trusted documents executes no others',
  { timeout: 120_000 },
  async () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? 1)
    const { findings, withData, codes } = await runFuzz({ seed, operations: 100, onlyTrusted: true })
    expect(findings).toEqual([])
    expect(withData).toBeGreaterThan(10)
    expect(Object.keys(codes)).toEqual(expect.arrayContaining(['FORBIDDEN', 'PERSISTED_QUERY_NOT_FOUND']))
  },
)
