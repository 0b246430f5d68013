import type { onRequestAsyncHookHandler } from 'fastify'

/** The flaw: a middleware reads the stream of the body to price it, and whoever comes after it waits for a second one. */
export function readBodyFirst(read: string[]): onRequestAsyncHookHandler {
  return async (request) => {
    let body = ''
    for await (const chunk of request.raw) body += String(chunk)
    read.push(body)
  }
}
