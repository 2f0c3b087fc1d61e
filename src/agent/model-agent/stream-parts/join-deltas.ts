import type { ResponsePart } from '../../providers/responses/sdk-types.ts'

type Delta = Extract<ResponsePart, { type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta' }>

/** Joins consecutive deltas of the same source, unless they have something beside their text. */
export function joinDeltas(parts: readonly ResponsePart[]): readonly ResponsePart[] {
  if (parts.length < 2) return parts
  const joined: ResponsePart[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (last && isPlainDelta(last) && isPlainDelta(part) && last.type === part.type && last.id === part.id)
      joined[joined.length - 1] = { ...last, delta: last.delta + part.delta }
    else joined.push(part)
  }
  return joined
}

function isPlainDelta(part: ResponsePart): part is Delta {
  const isDelta = part.type === 'text-delta' || part.type === 'reasoning-delta' || part.type === 'tool-input-delta'
  return isDelta && part.providerMetadata === undefined
}
