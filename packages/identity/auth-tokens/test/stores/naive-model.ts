import type { NewSession, RevocationScope, Use } from '../../src/stores/store.ts'

interface Family {
  readonly opened: NewSession
  grant: string
  keyId: string
  /** The number of the current refresh token. */
  current: number
  /** When each number was used first. */
  readonly firstUsed: Map<number, number>
  usedAt: number
  idleEnd: number
  readonly end: number
  over: boolean
}

/** What a session is, as far as all stores have to agree. */
export interface Seen {
  readonly id: string
  readonly generation: number
  readonly keyId: string
  readonly grant: string
}

/** The rules for sessions, told plainly: no concurrency, no expiry of records, no stamps, everything in lists. */
export class NaiveModel {
  now = 0
  readonly #families: Family[] = []

  open(opened: NewSession): { session: Seen; evicted: string[] } {
    const known = this.#alive(opened.id)
    if (known !== undefined) return { session: seen(known), evicted: [] }
    const others = this.#of(opened.subject).slice(opened.maxSessions - 1)
    for (const other of others) other.over = true
    const end = this.now + opened.absoluteTtl
    const family: Family = {
      opened,
      grant: opened.grant,
      keyId: opened.keyId,
      current: 0,
      firstUsed: new Map(),
      usedAt: this.now,
      idleEnd: Math.min(end, this.now + opened.idleTtl),
      end,
      over: false,
    }
    this.#families.push(family)
    return { session: seen(family), evicted: others.map(({ opened: { id } }) => id).toSorted() }
  }

  use({ id, generation, leeway, keyId, idleTtl, grant }: Use): { outcome: string; session?: Seen } {
    const family = this.#alive(id)
    if (family === undefined) return { outcome: 'ended' }
    if (generation < family.current) {
      const firstUsed = family.firstUsed.get(generation)
      const remembered = family.current - generation <= 16
      if (firstUsed === undefined || !remembered || this.now - firstUsed > leeway) {
        family.over = true
        return { outcome: 'reused' }
      }
    } else {
      if (generation > family.current) family.firstUsed.clear()
      family.firstUsed.set(generation, this.now)
      family.current = generation + 1
      family.keyId = keyId
      family.usedAt = this.now
      family.idleEnd = Math.min(family.end, this.now + idleTtl)
    }
    family.grant = grant ?? family.grant
    return { outcome: 'used', session: seen(family) }
  }

  revoke(scope: RevocationScope, id: string): void {
    for (const family of this.#families) {
      const { opened } = family
      const concerned = {
        token: false,
        session: opened.id === id,
        subject: opened.subject === id,
        everything: true,
      }
      if (concerned[scope]) family.over = true
    }
  }

  sessions(subject: string): string[] {
    return this.#of(subject).map(({ opened }) => opened.id)
  }

  #alive(id: string): Family | undefined {
    return this.#families.find((family) => family.opened.id === id && this.#lives(family))
  }

  #of(subject: string): Family[] {
    return this.#families
      .filter((family) => family.opened.subject === subject && this.#lives(family))
      .toSorted((a, b) => b.usedAt - a.usedAt || (a.opened.id < b.opened.id ? 1 : -1))
  }

  #lives({ over, idleEnd }: Family): boolean {
    return !over && this.now < idleEnd
  }
}

function seen({ opened, current, keyId, grant }: Family): Seen {
  return { id: opened.id, generation: current, keyId, grant }
}
