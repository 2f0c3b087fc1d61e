import type { Conversation } from 'segue-client'

type Attention = Conversation['attention']

/** What waits for a person. */
export const needsPerson: readonly Attention[] = ['NEEDS_APPROVAL', 'NEEDS_ANSWER', 'FAILED']

/** All else. */
export const needsNobody: readonly Attention[] = ['WORKING', 'UNREAD', 'IDLE']
