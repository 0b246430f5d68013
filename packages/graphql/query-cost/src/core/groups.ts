import type { FieldNode, SelectionSetNode } from 'graphql'
import type { CostedField } from './costed.ts'

/** The fields of one response name, which one resolver call answers. */
export interface Group {
  readonly name: string
  readonly field: CostedField
  readonly node: FieldNode
  /** Further nodes: most names are asked for once. */
  more: FieldNode[] | null
  /** True when the document can lead here again, through a fragment. */
  shared: boolean
  /** The one after it in the document. */
  next: Group | null
}

/** How many groups are looked through one by one; a map for the few of a usual object takes longer to make. */
const FEW = 8

/** The fields of one object, merged by response name. */
export class Groups {
  first: Group | null = null
  #last: Group | null = null
  /** The fragments that are spread, each once; those they spread in turn follow. */
  spread: SelectionSetNode[] | null = null
  #spreadOnce: Set<SelectionSetNode> | null = null
  #byName: Map<string, Group> | null = null
  #count = 0

  add(field: CostedField, node: FieldNode, shared: boolean): void {
    const name = (node.alias ?? node.name).value
    const group = this.#find(name)
    if (group === undefined) this.#create(name, field, node, shared)
    else if (group.field === field) join(group, node, shared)
    else this.#conflict(`${name} ${field.name}`, field, node, shared)
  }

  /** Notes a fragment that is spread. */
  addSpread(set: SelectionSetNode): void {
    this.spread ??= []
    if (this.#spreadOnce !== null) {
      if (this.#spreadOnce.has(set)) return
      this.#spreadOnce.add(set)
    } else if (this.spread.includes(set)) {
      return
    }
    this.spread.push(set)
    if (this.#spreadOnce === null && this.spread.length > FEW) this.#spreadOnce = new Set(this.spread)
  }

  /** Two fields under one name are refused by validation; here neither may hide the other. */
  #conflict(name: string, field: CostedField, node: FieldNode, shared: boolean): void {
    const group = this.#find(name)
    if (group === undefined) this.#create(name, field, node, shared)
    else join(group, node, shared)
  }

  #find(name: string): Group | undefined {
    if (this.#byName !== null) return this.#byName.get(name)
    for (let group = this.first; group !== null; group = group.next) {
      if (group.name === name) return group
    }
    return undefined
  }

  #create(name: string, field: CostedField, node: FieldNode, shared: boolean): void {
    const group: Group = { name, field, node, more: null, shared, next: null }
    if (this.#last === null) this.first = group
    else this.#last.next = group
    this.#last = group
    this.#count++
    if (this.#byName !== null) {
      this.#byName.set(name, group)
    } else if (this.#count > FEW) {
      this.#byName = new Map()
      for (let one = this.first; one !== null; one = one.next) this.#byName.set(one.name, one)
    }
  }
}

function join(group: Group, node: FieldNode, shared: boolean): void {
  group.more ??= []
  group.more.push(node)
  group.shared ||= shared
}
