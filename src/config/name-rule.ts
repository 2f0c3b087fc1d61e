/** Names of profiles and providers. They are safe in a path, and before the slash of a model id. */
export const configNamePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** The same in words. */
export const nameRuleDescription = '1 to 64 characters: a-z, 0-9, - and _, beginning with a letter or a digit'
