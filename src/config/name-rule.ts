/** Names of profiles and providers. They are safe in a path, and before the slash of a model id. */
export const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** The same in words. */
export const nameRule = '1 to 64 characters: a-z, 0-9, - and _, beginning with a letter or a digit'
