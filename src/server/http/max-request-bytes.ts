/** The maximum size of an HTTP request body, and of a WebSocket message. */
export const maxRequestBytes = 16 * 1024 * 1024
