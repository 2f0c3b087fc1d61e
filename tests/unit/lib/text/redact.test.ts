import { describe, expect, test } from 'vitest'
import { redact, removeSecrets } from '../../../../src/lib/text/redact.ts'

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

describe('a secret', () => {
  const secret = 'Zx9/q+7&wK="4mT2vB8nR5'

  test.each<[string, string]>([
    ['as it is', secret],
    ['in other case', secret.toUpperCase()],
    ['URL-encoded', encodeURIComponent(secret)],
    ['URL-encoded in lower case', encodeURIComponent(secret).toLowerCase()],
    ['in JSON', JSON.stringify(secret)],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64url', Buffer.from(secret).toString('base64url')],
    ['in the credentials of a user', Buffer.from(`me:${secret}`).toString('base64')],
    ['in the credentials of another user', Buffer.from(`you:${secret}`).toString('base64')],
    ['in the middle of a text in base64', Buffer.from(`token ${secret} is wrong`).toString('base64')],
    ['cut off', `${secret.slice(0, 12)}…`],
    ['of which only the end is shown', `…${secret.slice(-12)}`],
    ['of which the middle is masked', `${secret.slice(0, 9)}****${secret.slice(-8)}`],
  ])('%s is removed', (_, form) => {
    const text = removeSecrets(`The server says: ${form} is wrong.`, [secret])
    expect(text).toContain('…')
    expect(text).not.toContain(secret.slice(0, 8))
    expect(text).not.toContain(secret.slice(-8))
    expect(text).not.toContain(form)
  })

  test('of which only a short beginning is guessed is not removed: the removal would tell that the guess is right', () => {
    expect(removeSecrets('sk-abc', ['sk-abcdefghijklmnop'])).toBe('sk-abc')
    expect(removeSecrets('sk-abcdefghij', [`sk-${'abcdefghij'.repeat(10)}`])).toBe('sk-abcdefghij')
  })

  test('with characters that have a meaning in patterns is a text', () => {
    expect(removeSecrets('a.b*c(d)e[f] and axbbc', ['a.b*c(d)e[f]'])).toBe('… and axbbc')
  })
})
