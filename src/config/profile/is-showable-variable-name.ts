import { redact } from '../../lib/text/redact.ts'

/**
 * Whether a text can be shown as the name of an environment variable. What has lower-case letters or looks like an API key may be
 * the key itself, which somebody has put where the name of its variable belongs.
 */
export function isShowableVariableName(name: string): boolean {
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(name) && !/\d{4}/.test(name) && redact(name, []) === name
}
