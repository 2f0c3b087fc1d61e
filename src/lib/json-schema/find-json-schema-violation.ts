import { Ajv, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'
import { escapeInvisible } from '../text/escape-invisible.ts'
import { type Json, type JsonObject, mapBigIntegers } from '../text/json.ts'
import { truncate } from '../text/truncate.ts'
import { TimeLimitedSchemaPattern, PatternTimeBudget } from './time-limited-schema-pattern.ts'

/** The formats that MCP servers may ask for in a form. Other formats are not checked. */
const formatSchemas = {
  email: z.email(),
  uri: z.url(),
  date: z.iso.date(),
  'date-time': z.iso.datetime({ offset: true }),
} as const

const formats = Object.fromEntries(
  Object.entries(formatSchemas).map(([name, schema]) => [name, (text: string) => schema.safeParse(text).success]),
)

/** How long the patterns of a schema may take for one value, in milliseconds. */
const maxPatternMs = 200
const maxErrorLength = 300 // UTF-16 code units

/**
 * Says how a value violates a JSON Schema, as `<name>/<path> must be <what>`, where `name` stands for the value. Null for a
 * valid value. Understands drafts 6, 7, 2019-09 and 2020-12. Schemas come from other programs: keywords that are not known and
 * patterns that are invalid or too slow are ignored, and a schema that no draft allows, or that has no end, permits every
 * value.
 */
export function findJsonSchemaViolation(schema: JsonObject, value: Json, name: string): string | null {
  const validate = compileSchema(schema)
  if (!validate) return null
  if (isPermitted(validate, value)) return null
  const [error] = validate.errors ?? []
  const detail = `${name}${error?.instancePath ?? ''} ${error?.message ?? 'is invalid'}${formatAllowedValues(error?.params)}`
  return truncate(escapeInvisible(detail), maxErrorLength)
}

function isPermitted(validate: ValidateFunction, value: Json): boolean {
  try {
    // Integers beyond 2^53 are bigints, which the validator does not know.
    return validate(mapBigIntegers(value, Number))
  } catch (error) {
    // A definition that refers to itself.
    if (error instanceof RangeError) return true
    throw error
  }
}

function formatAllowedValues(params: unknown): string {
  const { allowedValues, additionalProperty } = paramsSchema.safeParse(params).data ?? {}
  if (allowedValues) return `: ${allowedValues.map((value) => JSON.stringify(value)).join(', ')}`
  return additionalProperty === undefined ? '' : `: ${additionalProperty}`
}

const paramsSchema = z.object({
  allowedValues: z.array(z.json()).optional(),
  additionalProperty: z.string().optional(),
})

/** Compiles a schema by the first rules that allow it. Null if none does. */
function compileSchema({ $schema, ...schema }: JsonObject): ValidateFunction | null {
  const isOldDraft = typeof $schema === 'string' && /draft-0[4-7]/.test($schema)
  const validators = isOldDraft ? [Ajv, Ajv2020] : [Ajv2020, Ajv]
  const budget = new PatternTimeBudget(maxPatternMs)
  const regExp = Object.assign((source: string) => new TimeLimitedSchemaPattern(source, budget), {
    code: 'BoundedPattern',
  })
  const options: Options = { strict: false, validateSchema: false, logger: false, code: { regExp }, formats }
  for (const Validator of validators) {
    try {
      return new Validator(options).compile(schema)
    } catch {
      // The next rules may allow it.
    }
  }
  return null
}
