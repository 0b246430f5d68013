/** What a value may be, whatever its schema says. */
export interface Bounds {
  /** Most levels of objects and arrays; a scalar has none. */
  readonly maxDepth: number
  /** Most items of one array. */
  readonly maxArrayLength: number
  readonly unsafeIntegers: boolean
  readonly nul: boolean
  readonly loneSurrogates: boolean
}

/** Something in a value that the profile refuses. */
interface Finding {
  readonly path: readonly (string | number)[]
  readonly code: 'TOO_DEEP' | 'TOO_MANY_ITEMS' | 'UNSAFE_INTEGER' | 'NUL' | 'LONE_SURROGATE'
}

/** What was found in a value. */
export interface Inspection {
  /** Member names of all objects in it. */
  readonly names: number
  readonly findings: readonly Finding[]
}

// ES2024's isWellFormed() is in every supported Node, but not in the types of its oldest.
type Text = string & { isWellFormed(): boolean }

/**
 * Whether an object is one of a class: an upload, a date, a buffer, made by a parser of the app. Those of a query have a
 * prototype too, in which there is nothing.
 */
function isMade(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype !== Object.prototype &&
    prototype !== null &&
    typeof (prototype as { constructor?: unknown }).constructor === 'function'
  )
}

class Inspector {
  names = 0
  readonly findings: Finding[] = []
  readonly #path: (string | number)[] = []
  readonly #bounds: Bounds
  readonly #texts: boolean
  readonly #most: number

  constructor(bounds: Bounds, texts: boolean, most: number) {
    this.#bounds = bounds
    this.#texts = texts
    this.#most = most
  }

  #add(code: Finding['code']): void {
    if (this.findings.length < this.#most) this.findings.push({ path: [...this.#path], code })
  }

  #text(value: string): void {
    if (!this.#bounds.nul && value.includes('\0')) this.#add('NUL')
    if (!this.#bounds.loneSurrogates && !(value as Text).isWellFormed()) this.#add('LONE_SURROGATE')
  }

  inspect(value: unknown, depth: number): void {
    if (typeof value === 'string') {
      if (this.#texts) this.#text(value)
    } else if (typeof value === 'number') {
      if (
        !this.#bounds.unsafeIntegers &&
        (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER || Number.isNaN(value))
      )
        this.#add('UNSAFE_INTEGER')
    } else if (typeof value === 'object' && value !== null) {
      if (depth >= this.#bounds.maxDepth) this.#add('TOO_DEEP')
      else if (Array.isArray(value)) this.#array(value, depth)
      else this.#object(value, depth)
    }
  }

  #array(value: readonly unknown[], depth: number): void {
    if (value.length > this.#bounds.maxArrayLength) return this.#add('TOO_MANY_ITEMS')
    const at = this.#path.length
    for (let index = 0; index < value.length; index++) {
      this.#path[at] = index
      this.inspect(value[index], depth + 1)
    }
    this.#path.length = at
  }

  #object(value: object, depth: number): void {
    if (isMade(value)) return
    const at = this.#path.length
    for (const name in value) {
      this.names++
      this.#path[at] = name
      if (this.#texts) this.#text(name)
      this.inspect((value as Record<string, unknown>)[name], depth + 1)
    }
    this.#path.length = at
  }
}

/**
 * Looks at everything in a value once: linear in its size, and never deeper than `maxDepth`.
 *
 * @param texts whether strings have to be looked at; JSON text without `\u` holds no NUL and no lone surrogate
 * @param most of the findings
 */
export function inspect(value: unknown, bounds: Bounds, texts: boolean, most: number): Inspection {
  const inspector = new Inspector(bounds, texts, most)
  inspector.inspect(value, 0)
  return inspector
}
