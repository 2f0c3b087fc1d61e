import { removeSecrets } from './redact.ts'

/** Shorter texts are common words: replacing them would make a log unreadable. In UTF-16 code units. */
const minSecretLength = 8

const knownSecrets = new Set<string>()

/**
 * Has secrets removed from whatever the process says about itself from now on, wherever it says so. There is one set for the
 * process, because a log line does not know whose secrets it may repeat.
 */
export function registerSecrets(secrets: Iterable<string>): void {
  for (const secret of secrets) if (secret.length >= minSecretLength) knownSecrets.add(secret)
}

/** Removes all known secrets from a text, in every form that `removeSecrets` knows. */
export function redactKnownSecrets(text: string): string {
  return knownSecrets.size === 0 ? text : removeSecrets(text, [...knownSecrets])
}
