import { z } from 'zod'
import { isHttpUrl } from '../http-url.ts'
import { namePattern, nameRule } from '../name-rule.ts'
import { type Provider, providerTypes } from './provider.ts'

const nonEmptyString = z.string({ error: 'a text that is not empty' }).min(1, { error: 'a text that is not empty' })
const expectedTokens = 'an integer of tokens from 1000 to 100000000'
const expectedModelList = 'a list of at least one model name'
const isObject = ({ value }: { value: unknown }): boolean => typeof value === 'object' && value !== null

/** One entry of `providers`. Its two rules across keys run always, so that all that is wrong is named at once. */
const providerSchema = z
  .strictObject(
    {
      type: z.enum(providerTypes, { error: `one of ${providerTypes.join(', ')}` }),
      baseURL: z
        .string({ error: 'an http or https URL' })
        .refine(isHttpUrl, { error: 'an http or https URL without a password' })
        .optional(),
      // Names only, so that a key that was put here by mistake is refused instead of being looked up and printed.
      apiKeyEnv: z
        .string({ error: 'the name of an environment variable' })
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'the name of an environment variable' })
        .optional(),
      apiKey: nonEmptyString.optional(),
      models: z.array(nonEmptyString, { error: expectedModelList }).min(1, { error: expectedModelList }).optional(),
      contextWindow: z
        .int({ error: expectedTokens })
        .min(1000, { error: expectedTokens })
        .max(100_000_000, { error: expectedTokens })
        .optional(),
    },
    { error: (issue) => (issue.code === 'invalid_type' ? 'an object with at least a type' : undefined) },
  )
  .refine((entry) => entry.type !== 'openai-compatible' || entry.baseURL !== undefined, {
    path: ['baseURL'],
    error: 'given for the type openai-compatible',
    when: isObject,
  })
  .refine((entry) => entry.apiKey === undefined || entry.apiKeyEnv === undefined, {
    path: ['apiKey'],
    error: 'left out where apiKeyEnv is given',
    when: isObject,
  })

const isProviderName = (name: string): boolean => namePattern.test(name) && name !== 'offline'

/** `providers` in config.json: entries by name. */
export const providersSchema = z.record(z.string().refine(isProviderName), providerSchema, {
  error: (issue) =>
    issue.code === 'invalid_key' ? `named by ${nameRule}, and not offline` : 'an object of providers by name',
})

/** The keys that an entry may have. */
export const providerKeys: readonly string[] = Object.keys(providerSchema.shape)

/**
 * Providers with their keys looked up in the environment. One whose variable is not set stays, without a key: its
 * server may need none. The warning that is added then says `where` they came from.
 */
export function resolveProviders(
  entries: z.infer<typeof providersSchema>,
  env: NodeJS.ProcessEnv,
  source: string,
  warnings: string[],
): Provider[] {
  return Object.entries(entries).map(([name, { type, baseURL, apiKeyEnv, apiKey, models, contextWindow }]) => {
    const envKey = apiKeyEnv === undefined ? undefined : env[apiKeyEnv] || undefined
    if (apiKeyEnv !== undefined && envKey === undefined) {
      warnings.push(`${source}.${name}.apiKeyEnv: the variable ${apiKeyEnv} is not set, so no key is sent`)
    }
    return {
      name,
      type,
      baseURL: baseURL ?? null,
      apiKey: apiKey ?? envKey ?? null,
      models: models ?? null,
      contextWindow: contextWindow ?? null,
    }
  })
}
