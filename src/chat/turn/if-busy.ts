/** What to do with a message for a session in which an answer is streaming. */
export type IfBusy = 'REJECT' | 'QUEUE' | 'INTERRUPT' | 'STEER'
