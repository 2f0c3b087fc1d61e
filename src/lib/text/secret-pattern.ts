import { LruCache } from '../lru-cache.ts'

/** A part of a secret that is shorter than this says too little about it. In UTF-16 code units. */
const minPartLength = 8

const patterns = new LruCache<string, RegExp>(1000)

/** The pattern of a secret, see `createSecretPattern`. Secrets are few, so their patterns are kept. */
export function getSecretPattern(secret: string): RegExp {
  const pattern = patterns.get(secret) ?? createSecretPattern(secret)
  patterns.set(secret, pattern)
  return pattern
}

/**
 * Matches a secret in any case: as it is, URL-encoded, as in JSON, in base64 (also in the middle of a longer text, as in `Basic`
 * credentials), and a beginning or an end of it that is a third of it or more. A shorter part must not match: who can have a
 * text repeated would otherwise find the secret letter by letter, by what is replaced.
 */
function createSecretPattern(secret: string): RegExp {
  const texts = [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)]
  const whole = [...texts, ...listBase64Forms(secret)]
  const parts = [...texts, toBase64(Buffer.from(secret))].flatMap(listParts)
  const alternatives = [...whole.map((form) => RegExp.escape(form)), ...parts]
  return new RegExp([...new Set(alternatives)].join('|'), 'gi')
}

/** Patterns of a beginning, with the rest of the word that it begins, and of an end. */
function listParts(form: string): string[] {
  const length = Math.max(minPartLength, Math.ceil(form.length / 3))
  if (length >= form.length) return []
  return [`${RegExp.escape(form.slice(0, length))}[\\w%+/=*.~-]*`, RegExp.escape(form.slice(-length))]
}

/** What base64 of a longer text that contains the secret has of it, for each position of the secret within three bytes. */
function listBase64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((offset) => {
    const encoded = toBase64(Buffer.concat([Buffer.alloc(offset), bytes]))
    const core = encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return core.length < minPartLength ? [] : [core, core.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

function toBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
