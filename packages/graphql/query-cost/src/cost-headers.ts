import type { FastifyReply } from 'fastify'

function tell(reply: FastifyReply | undefined, name: string, cost: number): void {
  // An answer in parts has sent its headers with the first; what nothing bounds has no number.
  if (reply === undefined || reply.raw.headersSent || !Number.isFinite(cost)) return
  void reply.header(name, String(cost))
}

/** The headers that are known before anything runs. */
export function tellPrice(reply: FastifyReply | undefined, estimated: number, max: number): void {
  tell(reply, 'x-cost-estimated', estimated)
  tell(reply, 'x-cost-max', max)
}

/** The header that is known when all operations are answered. */
export function tellActual(reply: FastifyReply | undefined, actual: number): void {
  tell(reply, 'x-cost-actual', actual)
}
