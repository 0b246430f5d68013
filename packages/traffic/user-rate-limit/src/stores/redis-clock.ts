/**
 * What this process knows of the server's clock. Each reply carries the server's time, taken at some moment between
 * sending and receiving, so that it bounds the distance of the two clocks from both sides. Kept is the largest lower
 * bound: a moment translated with it is never later than it really is on the server, and a deadline never too late.
 */
export class RedisClock {
  /** Server time less local time, in microseconds, at least. */
  #behind: number | undefined

  /** True when a reply has been seen. */
  get known(): boolean {
    return this.#behind !== undefined
  }

  /**
   * Learns from a reply.
   *
   * @param server the server's time in microseconds
   * @param sent local time in milliseconds when the request left
   * @param received local time in milliseconds when the reply was read
   */
  learn(server: number, sent: number, received: number): void {
    const least = server - received * 1000
    const most = server - sent * 1000
    // Contradicts what is known: the server's clock has stepped back, or another server answers now.
    if (this.#behind === undefined || most < this.#behind) this.#behind = least
    else this.#behind = Math.max(this.#behind, least)
  }

  /** The server's time in microseconds at a local moment in milliseconds, never too late. 0 when nothing is known. */
  at(local: number): number {
    return this.#behind === undefined ? 0 : Math.floor(local * 1000 + this.#behind)
  }
}
