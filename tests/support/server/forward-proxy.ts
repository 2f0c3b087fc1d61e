import { once } from 'node:events'
import { createServer, request as sendRequest } from 'node:http'
import { connect, type AddressInfo } from 'node:net'

export interface ForwardProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string
  /** What was asked for, as in `CONNECT llm.corp.test:443` or `POST http://llm.corp.test/v1`. */
  readonly requests: readonly string[]
  /** The values of Proxy-Authorization. */
  readonly credentials: readonly (string | undefined)[]
}

export interface ForwardProxyOptions {
  /** The port on this machine to which every request is passed on. */
  readonly targetPort: number
  /** Refuses every request with this status. */
  readonly status?: number
}

/** An HTTP proxy on 127.0.0.1, for plain requests and for tunnels. Whatever host is asked for, a local port answers. */
export async function startForwardProxy({ targetPort, status }: ForwardProxyOptions): Promise<ForwardProxy> {
  const requests: string[] = []
  const credentials: (string | undefined)[] = []
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`)
    credentials.push(incoming.headers['proxy-authorization'])
    if (status !== undefined) return void outgoing.writeHead(status).end()
    const { pathname, search } = new URL(incoming.url ?? '')
    const { method, headers } = incoming
    const passedOn = sendRequest(
      { host: '127.0.0.1', port: targetPort, path: pathname + search, method, headers },
      (response) => response.pipe(outgoing.writeHead(response.statusCode ?? 502, response.headers)),
    )
    incoming.pipe(passedOn)
  })
  server.on('connect', (incoming, socket) => {
    requests.push(`CONNECT ${incoming.url}`)
    credentials.push(incoming.headers['proxy-authorization'])
    socket.on('error', () => socket.destroy())
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\n\r\n`)
    const target = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(target).pipe(socket)
    })
    target.on('error', () => socket.destroy())
    socket.on('close', () => target.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${address.port}`,
    requests,
    credentials,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
