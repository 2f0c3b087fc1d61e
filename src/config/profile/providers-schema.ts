import { z } from 'zod'
import { isHttpUrl } from '../http/http-url.ts'
import { configNamePattern, nameRuleDescription } from '../name-rule.ts'
import { integerBetween, isZodObjectPayload, strictObject, createPatternSchema } from '../value-schemas.ts'
import { offlineModelId } from './model-id.ts'
import { maxContextWindow, minContextWindow, type ProviderType, providerTypes } from './provider.ts'

const textSchema = createPatternSchema('a string that is not empty', /^[^]+$/)
const modelListError = 'Must be a list of at least one model name.'

const typesWithoutPublicApi: ReadonlySet<string> = new Set<ProviderType>(['openai-compatible', 'azure'])

/** One provider in config.json. The rules across keys always run, so that all problems are reported at once. */
const providerSchema = strictObject('an object with a type', {
  type: z.enum(providerTypes, { error: `Must be one of ${providerTypes.join(', ')}.` }),
  baseURL: z
    .string({ error: 'Must be an http or https URL.' })
    .refine(isHttpUrl, { error: 'Must be an http or https URL without a password.' })
    .optional(),
  // A name only, so that a key that is put here by mistake is rejected, not looked up and printed.
  apiKeyEnv: createPatternSchema('the name of an environment variable', /^[A-Za-z_][A-Za-z0-9_]*$/).optional(),
  apiKey: textSchema.optional(),
  /** Of Azure, as in `2024-10-21` or `preview`. */
  apiVersion: createPatternSchema('an API version, such as 2024-10-21', /^[A-Za-z0-9.-]{1,40}$/).optional(),
  models: z.array(textSchema, { error: modelListError }).min(1, { error: modelListError }).optional(),
  /** In tokens. */
  contextWindow: integerBetween(minContextWindow, maxContextWindow).optional(),
  /** Checked by `parseProviderEfforts`: an invalid value costs only itself. */
  efforts: z.unknown().optional(),
  /** Parallel requests to its models. */
  maxConcurrent: integerBetween(1, 10_000).optional(),
})
  .refine((entry) => !typesWithoutPublicApi.has(entry.type) || entry.baseURL !== undefined, {
    path: ['baseURL'],
    error: 'Missing. The types openai-compatible and azure need it.',
    when: isZodObjectPayload,
  })
  .refine((entry) => entry.type !== 'azure' || entry.models !== undefined, {
    path: ['models'],
    error: 'Missing. The type azure needs the names of the deployments.',
    when: isZodObjectPayload,
  })
  .refine((entry) => entry.type === 'azure' || entry.apiVersion === undefined, {
    path: ['apiVersion'],
    error: 'Only the type azure has API versions.',
    when: isZodObjectPayload,
  })
  .refine((entry) => entry.apiKey === undefined || entry.apiKeyEnv === undefined, {
    path: ['apiKey'],
    error: 'Must not be set together with apiKeyEnv.',
    when: isZodObjectPayload,
  })

export type ProviderEntry = z.infer<typeof providerSchema>

const isProviderName = (name: string): boolean => configNamePattern.test(name) && name !== offlineModelId.provider

/** `providers` in config.json: entries by name. */
export const providersSchema = z.record(z.string().refine(isProviderName), providerSchema, {
  error: ({ code }) =>
    code === 'invalid_key'
      ? `Invalid name. Must be ${nameRuleDescription}, and not offline.`
      : 'Must be an object of providers by name.',
})
