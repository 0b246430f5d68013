/** A defect: one text of the engine's source in place of another. */
export interface Mutation {
  name: string
  file: string
  find: string
  replace: string
}

/** Mistakes that engines of this kind are known to make. The text has to be found exactly once. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'an assumed size is ignored',
    file: 'sizes.ts',
    find: 'handed ? 0 : (sizing.assumedSize ?? this.#defaultListSize)',
    replace: 'handed ? 0 : this.#defaultListSize',
  },
  {
    name: 'an assumed size counts beside one that was handed down',
    file: 'sizes.ts',
    find: 'handed ? 0 : (sizing.assumedSize ?? this.#defaultListSize)',
    replace: 'sizing.assumedSize ?? this.#defaultListSize',
  },
  {
    name: 'a size is handed down to every field',
    file: 'sizes.ts',
    find: 'if (path.rest !== null && path.name === field.name) below',
    replace: 'if (path.rest !== null) below',
  },
  {
    name: 'aliases are one field',
    file: 'groups.ts',
    find: '(node.alias ?? node.name).value',
    replace: 'node.name.value',
  },
  {
    name: 'of merged fields, only the selections of the first count',
    file: 'exact.ts',
    find: 'sets.push(node.selectionSet)',
    replace: 'sets.concat(node.selectionSet)',
  },
  {
    name: 'fragments apply to their own type alone',
    file: 'exact.ts',
    find: 'condition === undefined || type.belongsTo.has(condition)',
    replace: 'condition === undefined || type.name === condition',
  },
  {
    name: 'exclusive branches are summed',
    file: 'formula/evaluate.ts',
    find: 'return Math.max(left, right)',
    replace: 'return left + right',
  },
  {
    name: 'of exclusive branches, the first counts',
    file: 'formula/expression.ts',
    find: "if (typeof b === 'number') return Math.max(a, b)",
    replace: "if (typeof b === 'number') return a",
  },
  {
    name: 'an empty list has the default size',
    file: 'formula/evaluate.ts',
    find: 'left < 0 ? right : left',
    replace: 'left <= 0 ? right : left',
  },
  {
    name: 'multiples of one size are lost',
    file: 'formula/expression.ts',
    find: 'this.#timesConstant(baseOf(a), factorOf(a) + factorOf(b))',
    replace: 'this.#timesConstant(baseOf(a), factorOf(a))',
  },
  {
    name: 'booleans of an earlier request are kept',
    file: 'formula/formula.ts',
    find: 'if (booleanOf(variable, sent) !== value) return false',
    replace: 'if (variable.name === value) return false',
  },
  {
    name: 'the operation of an earlier request is kept',
    file: 'formulas.ts',
    find: 'one.asked === asked && holds',
    replace: 'holds',
  },
  {
    name: 'an explicit null takes the default of the operation',
    file: 'variables.ts',
    find: 'value === undefined ? this.fallback : value',
    replace: 'value ?? this.fallback',
  },
  {
    name: 'an explicit null takes the default of the schema',
    file: 'formula/slots.ts',
    find: 'value === null ? NO_SIZE : segment.fallback',
    replace: 'segment.fallback',
  },
  {
    name: 'defaults inside of sent input objects cost nothing',
    file: 'sent-cost.ts',
    find: 'sum += field.defaultCost',
    replace: 'sum += 0 * field.defaultCost',
  },
  {
    name: '@include is ignored',
    file: 'operation.ts',
    find: "this.#condition(directives, 'include') !== false",
    replace: 'true',
  },
  {
    name: 'a field can be a discount',
    file: 'operation.ts',
    find: 'return this.algebra.clamped(cost)',
    replace: 'return cost',
  },
  {
    name: 'what was found for one handed down size is used for another',
    file: 'memory.ts',
    find: '`${ids.join()}/${sizes.join()}`',
    replace: 'ids.join()',
  },
  {
    name: 'the objects of one type and the calls of another are summed',
    file: 'cost-vector.ts',
    find: 'sum.joint = addsUp(sum, cost, type, field)',
    replace: 'sum.joint = addsUp(sum, sum, sum.type, sum.field)',
  },
  {
    name: 'a multiplier leaves out what is one type’s',
    file: 'cost-vector.ts',
    find: 'joint = algebra.times(joint, multiplier)',
    replace: 'joint = algebra.times(joint, 1)',
  },
  {
    name: 'a multiplier leaves out the objects',
    file: 'cost-vector.ts',
    find: 'type = algebra.times(type, multiplier)',
    replace: 'type = algebra.times(type, 1)',
  },
  {
    name: 'a written null earns a discount',
    file: 'input-cost.ts',
    find: "if (node.kind === 'NullValue') return Math.max(0, input.weight)",
    replace: "if (node.kind === 'NullValue') return input.weight",
  },
]
