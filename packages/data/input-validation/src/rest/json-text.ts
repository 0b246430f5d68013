import { createRequestValue } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify'

interface Heard {
  chunks: (string | Buffer)[] | undefined
  length: number
}

const heard = createRequestValue<Heard>('portcullis.input-text/1')

function isJson(type: string | undefined): boolean {
  if (type === undefined) return false
  const media = type
    .slice(0, Math.max(type.indexOf(';'), 0) || type.length)
    .trim()
    .toLowerCase()
  return media.endsWith('/json') || media.endsWith('+json')
}

/**
 * Listens to JSON bodies while Fastify's parser, or one of the app, reads them: what `JSON.parse` loses can only be seen
 * in the text. It takes nothing away and starts nothing, so that every parser works as without it.
 */
export function hearJsonText(app: FastifyInstance): void {
  app.addHook('preParsing', function portcullisInputText(request, _reply, payload, done) {
    if (isJson(request.headers['content-type']) && heard.get(request) === undefined) listen(request, payload)
    done()
  })
}

function listen(request: FastifyRequest, payload: RequestPayload): void {
  const limit = request.routeOptions.bodyLimit
  const state: Heard = { chunks: [], length: 0 }
  heard.set(request, state)
  // Unlike on(), it does not make the stream flow before its reader is there.
  payload.prependListener('data', (chunk: string | Buffer) => {
    state.length += chunk.length
    if (state.length > limit) state.chunks = undefined
    else state.chunks?.push(chunk)
  })
}

/** The text of a JSON body, once; `undefined` where there was none. */
export function takeJsonText(request: FastifyRequest): string | undefined {
  const state = heard.get(request)
  const chunks = state?.chunks
  if (state === undefined || chunks === undefined) return undefined
  state.chunks = undefined
  if (chunks.length === 1 && typeof chunks[0] === 'string') return chunks[0]
  return chunks.every((chunk) => typeof chunk === 'string')
    ? chunks.join('')
    : Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString('utf8')
}
