import { expect, test } from 'vitest'
import { redact } from '../../../../src/lib/text/redact.ts'

test('a secret is removed everywhere, even if it is the start of another secret', () => {
  expect(redact('key abc, then abcdef; "abc"', ['abc', 'abcdef', ''])).toBe('key …, then …; "…"')
})

test('text that looks like an API key is removed without being listed', () => {
  const text = redact('Incorrect API key provided: sk-proj-ab*****Yz9. Bearer eyJhbGciOi.J9 and gsk_1234567890', [])
  expect(text).not.toMatch(/sk-|Yz9|eyJ|gsk_/)
  expect(text).toContain('Incorrect API key provided: …')
})

test('a URL loses its credentials and keeps the rest', () => {
  expect(redact('at https://me:pass@example.com/v1?key=abc&n=1', [])).toBe('at https://example.com/v1?key=…&n=1')
  expect(redact('see https://example.com/account/rate-limits', [])).toBe('see https://example.com/account/rate-limits')
})

test('file paths are removed, URL paths stay', () => {
  expect(redact('File "/usr/lib/python3/vllm.py" and C:\\Users\\me\\x.js at file:///home/me/a.ts:3', [])).toBe(
    'File "…" and … at …',
  )
  expect(redact('POST /v1/chat/completions', [])).toBe('POST /v1/chat/completions')
})
