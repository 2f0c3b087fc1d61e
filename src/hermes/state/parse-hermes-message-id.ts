/** The parts of a message's id; null if it is not one. Hermes chooses the ids of its sessions: they may contain colons. */
export function parseHermesMessageId(id: string): { readonly sessionId: string; readonly rowid: number } | null {
  const [, sessionId, rowid] = /^(.*):(0|-?[1-9]\d{0,15})$/s.exec(id) ?? []
  return sessionId === undefined ? null : { sessionId, rowid: Number(rowid) }
}
