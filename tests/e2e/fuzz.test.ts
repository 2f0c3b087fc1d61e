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
