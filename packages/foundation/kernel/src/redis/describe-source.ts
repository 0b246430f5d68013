import { isInstance } from './connection.ts'
import type { RedisOptions, RedisSource } from './connection.ts'

/** Host and port of a source for messages, without credentials. */
export function describeSource(source: RedisSource): string {
  if (typeof source === 'string') {
    const url = URL.canParse(source) ? new URL(source) : undefined
    if (url === undefined || url.hostname === '') return 'the configured address'
    return `${url.hostname}:${url.port === '' ? 6379 : url.port}`
  }
  const { startupNodes, options } = source as { startupNodes?: unknown; options?: RedisOptions }
  if (Array.isArray(startupNodes)) return startupNodes.map(describeNode).join(', ')
  const own = isInstance(source) ? (options ?? {}) : source
  if (own.path !== undefined) return own.path
  return Array.isArray(own.sentinels) ? own.sentinels.map(describeNode).join(', ') : describeNode(own)
}

function describeNode(node: unknown): string {
  if (typeof node === 'string') return describeSource(node)
  if (typeof node === 'number') return `localhost:${node}`
  const { host, port } = node as RedisOptions
  return `${host ?? 'localhost'}:${port ?? 6379}`
}

function isLoopback(hostAndPort: string): boolean {
  return /^(localhost|127\.[\d.]+|\[?::1\]?):\d+$/.test(hostAndPort) || hostAndPort.startsWith('/')
}

function isEncrypted(source: RedisSource): boolean {
  if (typeof source === 'string') return source.startsWith('rediss:')
  const { tls, options } = source as { tls?: unknown; options?: { tls?: unknown } }
  return tls !== undefined || options?.tls !== undefined
}

/** Whether what is sent can be read on the way: no TLS, to a server that is not on this machine. */
export function isExposed(source: RedisSource): boolean {
  return !isEncrypted(source) && !describeSource(source).split(', ').every(isLoopback)
}
