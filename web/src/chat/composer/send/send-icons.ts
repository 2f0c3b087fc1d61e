import { CornerDownRight, ListEnd, OctagonX } from 'lucide-react'

/** What stands for the ways to send a message while an answer is made. */
export const sendIcons = { STEER: CornerDownRight, QUEUE: ListEnd, INTERRUPT: OctagonX } as const
