/** 128 random bits, also in pages that are served without TLS, which have no `crypto.randomUUID`. */
export function createId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
