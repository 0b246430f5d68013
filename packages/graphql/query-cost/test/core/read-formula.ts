/** Computes what `formulaText` writes: for tests, which compare it with the price. */
export function valueOfFormula(text: string, variables: Readonly<Record<string, unknown>>): number {
  const reader = new Reader(text, variables)
  const value = reader.sum()
  reader.end()
  return value ?? Number.NaN
}

/** Undefined stands for a size that nobody asks for. */
type Value = number | undefined

class Reader {
  readonly #text: string
  readonly #variables: Readonly<Record<string, unknown>>
  #at = 0

  constructor(text: string, variables: Readonly<Record<string, unknown>>) {
    this.#text = text
    this.#variables = variables
  }

  sum(): Value {
    let value = this.#take('-') ? -(this.#product() ?? 0) : this.#product()
    for (;;) {
      if (this.#take(' + ')) value = (value ?? Number.NaN) + (this.#product() ?? Number.NaN)
      else if (this.#take(' - ')) value = (value ?? Number.NaN) - (this.#product() ?? Number.NaN)
      else return value
    }
  }

  end(): void {
    if (this.#at < this.#text.length) throw new Error(`unread: ${this.#text.slice(this.#at)}`)
  }

  #product(): Value {
    let value = this.#factor()
    while (this.#take('·') || this.#take('×')) {
      const other = this.#factor() ?? Number.NaN
      value = value === 0 || other === 0 ? 0 : (value ?? Number.NaN) * other
    }
    return value
  }

  #factor(): Value {
    if (this.#take('∞')) return Infinity
    if (this.#take('max(')) return this.#largest()
    if (this.#take('count($')) return this.#counted()
    if (this.#take('(')) return this.#either()
    if (this.#take('$')) return numberOf(this.#path())
    return Number(this.#match(/\d+(\.\d+)?(e[+-]?\d+)?/y))
  }

  #largest(): Value {
    const values: Value[] = []
    do values.push(this.sum())
    while (this.#take(', '))
    this.#expect(')')
    const given = values.filter((value) => value !== undefined)
    return given.length === 0 ? undefined : Math.max(...given)
  }

  #either(): Value {
    const value = this.sum()
    this.#expect(' or ')
    const otherwise = this.sum()
    this.#expect(')')
    return value ?? otherwise
  }

  #counted(): Value {
    const value = this.#path()
    this.#expect(')')
    if (value === undefined) return undefined
    return Array.isArray(value) ? value.length : 1
  }

  #path(): unknown {
    const names = this.#match(/\w+(\.\w+)*/y).split('.')
    return names.reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
      this.#variables,
    )
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found === undefined) throw new Error(`cannot read: ${this.#text.slice(this.#at)}`)
    this.#at += found.length
    return found
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new Error(`no "${text}": ${this.#text.slice(this.#at)}`)
  }
}

const numberOf = (value: unknown): Value => (typeof value === 'number' ? value : undefined)
