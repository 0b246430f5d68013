import { createRequestValue, onSettled } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { EventStream } from './event-stream.ts'

/** The streams of one request, of which a server may know less than its client. */
interface OpenStreams {
  isStopped: boolean
  readonly streams: Set<EventStream>
}

const open = createRequestValue<OpenStreams>('portcullis.graphql-streams/1')

function streamsOf(request: FastifyRequest): OpenStreams {
  const known = open.get(request)
  if (known !== undefined) return known
  const made: OpenStreams = { isStopped: false, streams: new Set() }
  open.set(request, made)
  onSettled(request, () => stopStreams(request))
  return made
}

/** Stops a stream with its request, also where that has been stopped before the stream came. */
export function keepStream(stream: EventStream): void {
  const { isStopped, streams } = streamsOf(stream.request)
  if (isStopped) stream.stop()
  else streams.add(stream)
}

/** Stops the streams of a request: its client wants no more of them, or has gone. */
export function stopStreams(request: FastifyRequest): void {
  const known = streamsOf(request)
  known.isStopped = true
  for (const stream of known.streams) stream.stop()
  known.streams.clear()
}
