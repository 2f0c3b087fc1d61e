/** A random UUID (version 4). `crypto.randomUUID` does not exist in pages that were loaded over plain HTTP. */
export function createUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  // The version, and a variant of 8, 9, a or b.
  const variant = ((bytes[8] ?? 0) & 3) + 8
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/, `$1-$2-4$3-${variant.toString(16)}$4-`)
}
