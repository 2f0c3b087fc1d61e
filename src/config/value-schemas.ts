import { z } from 'zod'

// The messages of these schemas are sentences that say which values are allowed: they are shown after the setting.

export const booleanSchema = z.boolean({ error: 'Must be true or false.' })

export function integerBetween(min: number, max: number) {
  const error = `Must be an integer from ${min} to ${max}.`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

/** A text that matches a pattern. `expected` completes the sentence "Must be …". */
export function createPatternSchema(expected: string, pattern: RegExp) {
  const error = `Must be ${expected}.`
  return z.string({ error }).regex(pattern, { error })
}

/** An object that has no other keys. `expected` completes the sentence "Must be …". */
export function strictObject<S extends z.ZodRawShape>(expected: string, shape: S) {
  const allowedKeys = Object.keys(shape)
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? unknownKeyMessage(allowedKeys) : `Must be ${expected}.`),
  })
}

export function unknownKeyMessage(allowedKeys: readonly string[]): string {
  return `Unknown key. Allowed keys: ${allowedKeys.join(', ')}.`
}

/** For rules across the keys of an object: they also run if a key is invalid, so that all problems are reported. */
export const isZodObjectPayload = ({ value }: { readonly value: unknown }): boolean =>
  typeof value === 'object' && value !== null

export const pathSchema = createPatternSchema('a path', /^[^\0]+$/)

/** A list as flags and variables spell it. */
export const parseList = (text: string): unknown => text.split(',').map((item) => item.trim())

const booleanWords = new Map<string, unknown>(Object.entries({ '1': true, true: true, '0': false, false: false }))

/** A boolean as flags and variables spell it. Any other text stays as it is, for the schema to refuse. */
export const parseBoolean = (text: string): unknown => booleanWords.get(text) ?? text
