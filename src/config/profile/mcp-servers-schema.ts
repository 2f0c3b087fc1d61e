import { z } from 'zod'
import { booleanSchema, isObjectPayload, createPatternSchema } from '../value-schemas.ts'

// The name is the prefix of tool names. These have at most 64 characters, and the first `__` ends the prefix.
const serverNamePattern = /^[A-Za-z0-9](?:[A-Za-z0-9-]|_(?!_|$)){0,39}$/
const serverNameError =
  'Invalid name. Must be 1 to 40 characters: a-z, A-Z, 0-9, - and _. The first must be a letter or a digit. Must not contain __ or end with _.'

const textSchema = createPatternSchema('a string', /^[^\0]*$/)
// RFC 9110: the characters of field names and field values.
const headerNamePattern = /^[\w!#$%&'*+.^`|~-]+$/
const headerValueSchema = createPatternSchema('a valid header value', /^[\t\x20-\x7e\x80-\xff]*$/)

/** An object of texts. `label` says in messages what its keys are. */
const recordOf = <T extends z.ZodType>(label: string, keyPattern: RegExp, value: T) =>
  z.record(z.string().regex(keyPattern), value, {
    error: ({ code }) =>
      code === 'invalid_key' ? `Invalid ${label} name.` : `Must be an object of ${label}s by name.`,
  })

const serverTypes = ['stdio', 'http', 'sse', 'streamable-http', 'streamableHttp'] as const

/** Unknown keys are allowed here, because other MCP clients have more keys. They cause a warning later. */
const serverSchema = z
  .looseObject(
    {
      type: z.enum(serverTypes, { error: 'Must be stdio, http or sse.' }).optional(),
      command: createPatternSchema('the name or the path of a program', /^[^\0]+$/).optional(),
      args: z.array(textSchema, { error: 'Must be a list of strings.' }).optional(),
      env: recordOf('variable', /^[^=\0]+$/, textSchema).optional(),
      cwd: createPatternSchema('a path', /^[^\0]+$/).optional(),
      url: z.string({ error: 'Must be an http or https URL.' }).optional(),
      headers: recordOf('header', headerNamePattern, headerValueSchema).optional(),
      disabled: booleanSchema.optional(),
      enabled: booleanSchema.optional(),
    },
    { error: 'Must be an object with a command or a url.' },
  )
  .refine(({ command, url }) => command !== undefined || url !== undefined, {
    path: ['command'],
    error: 'Missing. Set command, or url for a remote server.',
    when: isObjectPayload,
  })
  .refine(({ command, url }) => command === undefined || url === undefined, {
    path: ['url'],
    error: 'Must not be set together with command.',
    when: isObjectPayload,
  })
  .refine(({ type, command }) => type === undefined || (type === 'stdio') === (command !== undefined), {
    path: ['type'],
    error: 'Must be stdio with command, http or sse with url.',
    when: isObjectPayload,
  })

/** One MCP server in config.json, before interpolation. */
export type McpServerEntry = z.infer<typeof serverSchema>

/** `mcpServers` in config.json, in the format of other MCP clients. */
export const mcpServersSchema = z.record(z.string().regex(serverNamePattern), serverSchema, {
  error: ({ code }) => (code === 'invalid_key' ? serverNameError : 'Must be an object of servers by name.'),
})
