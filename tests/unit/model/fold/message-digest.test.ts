import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../../../src/lib/text/sha256.ts'
import { computeMessageDigest, toCanonicalPartsJson } from '../../../../src/model/fold/message-digest.ts'
import type { MessagePart } from '../../../../src/model/message.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'

const parts: readonly MessagePart[] = [
  { type: 'reasoning', text: 'Hm' },
  { type: 'text', text: 'Grüße\n👋' },
  { type: 'tool', call: { ...createToolCall('toolcall_1', 'look'), providerId: 'call_0', startedAt: 7 } },
  { type: 'file', mediaType: 'text/plain', name: null, url: 'https://example.org/a.txt' },
]

describe('the digest of a message', () => {
  test('hashes canonical JSON: keys in order, no white space, no fields that are null', () => {
    expect(toCanonicalPartsJson(parts)).toBe(
      '[{"text":"Hm","type":"reasoning"},{"text":"Grüße\\n👋","type":"text"},' +
        '{"argumentsText":"","id":"toolcall_1","name":"look","state":"STREAMING","type":"tool"},' +
        '{"mediaType":"text/plain","type":"file","url":"https://example.org/a.txt"}]',
    )
  })

  test('is the same whether the hash is synchronous, as on the server, or not, as in a browser', async () => {
    const hashAsInBrowser = async (text: string): Promise<string> => {
      const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
      return Buffer.from(bytes).toString('hex')
    }
    const digest = computeMessageDigest(parts, sha256Hex)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(await computeMessageDigest(parts, hashAsInBrowser)).toBe(digest)
  })

  test('does not depend on what is internal to a tool call', () => {
    const changed = parts.map((part): MessagePart =>
      part.type === 'tool' ? { type: 'tool', call: { ...part.call, providerId: null, startedAt: null } } : part,
    )
    expect(toCanonicalPartsJson(changed)).toBe(toCanonicalPartsJson(parts))
  })

  test('does not depend on the state of the provider', () => {
    const changed = parts.map((part): MessagePart =>
      part.type === 'file' ? part : { ...part, providerState: { part: { signature: 'abc' } } },
    )
    expect(toCanonicalPartsJson(changed)).toBe(toCanonicalPartsJson(parts))
  })
})
