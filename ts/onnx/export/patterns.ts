/** A node's result as text: operands of sums and products in one order, so that equal arithmetic has equal text. */
export function call(op: string, ...operands: readonly string[]): string {
  const ordered = op === 'add' || op === 'multiply' ? [...operands].sort() : operands
  return `${op}(${ordered.join(',')})`
}

/** An operator of ONNX, and the arithmetic that it stands for. */
export interface Pattern {
  readonly op: 'LSTM' | 'GRU' | 'RNN'
  /** The functions of the gates, none for the operator's own. */
  readonly activations: readonly string[]
  /** The places of ONNX's gates among those of the weights. */
  readonly gates: readonly number[]
  readonly resetAfter: boolean
  /** True if the gates see the cell. */
  readonly peepholes: boolean
  /** The next values of the states h and c. */
  readonly next: readonly string[]
}

/** Functions of a state that ONNX's operators have too. */
const FUNCTIONS = { tanh: 'Tanh', sigmoid: 'Sigmoid', relu: 'Relu' } as const

const X = call('linear', 'x')
const H = call('linear', 'h')
const sigmoid = (x: string): string => call('sigmoid', x)

/** The patterns of a state of `size` numbers. */
export function patterns(size: number): readonly Pattern[] {
  const part = (from: string, at: number, count = 1): string =>
    call(`slice[${at * size},${count * size}]`, from)
  return Object.entries(FUNCTIONS).flatMap(([own, name]) => {
    const plain = own === 'tanh'
    const lstm = {
      op: 'LSTM',
      activations: plain ? [] : ['Sigmoid', name, name],
      gates: [0, 3, 1, 2],
      resetAfter: false,
      peepholes: false,
    } as const
    const gru = {
      op: 'GRU',
      activations: plain ? [] : ['Sigmoid', name],
      gates: [1, 0, 2],
      peepholes: false,
    } as const
    const rnn = {
      op: 'RNN',
      activations: plain ? [] : [name],
      gates: [0],
      resetAfter: false,
      peepholes: false,
    } as const
    return [
      { ...lstm, next: lstmStep(own, part, false) },
      { ...lstm, peepholes: true, next: lstmStep(own, part, true) },
      { ...gru, resetAfter: true, next: [gruStep(own, size, part, true)] },
      { ...gru, resetAfter: false, next: [gruStep(own, size, part, false)] },
      { ...rnn, next: [call(own, call('add', X, H))] },
      ...(plain ? fused(lstm, gru) : []),
    ]
  })
}

/** The patterns of the gates that the graph has nodes for. */
function fused(
  lstm: Omit<Pattern, 'next'>,
  gru: Omit<Pattern, 'next' | 'resetAfter'>,
): readonly Pattern[] {
  const cell = call('lstmGates', call('add', X, H), 'c')
  return [
    { ...lstm, next: [`${cell}:h`, `${cell}:c`] },
    { ...gru, resetAfter: true, next: [`${call('gruGates', X, H, 'h')}:h`] },
  ]
}

type Part = (from: string, at: number, count?: number) => string

/** The text of a weight a unit by which a gate sees the cell. */
export const peephole = (gate: string): string => `parameter ${gate}`

/** The gates with peepholes, in the order of ONNX. */
export const SEEING = ['i', 'o', 'f'] as const

function lstmStep(own: string, part: Part, peepholes: boolean): readonly string[] {
  const sum = call('add', X, H)
  const gate = (name: string, at: number, cell: string): string => {
    const seen = call('multiply', cell, peephole(name))
    return sigmoid(peepholes ? call('add', part(sum, at), seen) : part(sum, at))
  }
  const kept = call('multiply', gate('f', 1, 'c'), 'c')
  const taken = call('multiply', gate('i', 0, 'c'), call(own, part(sum, 2)))
  const next = call('add', kept, taken)
  return [call('multiply', gate('o', 3, next), call(own, next)), next]
}

function gruStep(own: string, size: number, part: Part, resetAfter: boolean): string {
  const recurrent = resetAfter ? part(H, 0, 2) : call(`linear[0,${2 * size}]`, 'h')
  const rz = sigmoid(call('add', part(X, 0, 2), recurrent))
  const [r, z] = [part(rz, 0), part(rz, 1)]
  const reset = resetAfter
    ? call('multiply', r, part(H, 2))
    : call(`linear[${2 * size},${3 * size}]`, call('multiply', r, 'h'))
  const n = call(own, call('add', part(X, 2), reset))
  return call('add', call('multiply', call('affine[-1,1]', z), n), call('multiply', z, 'h'))
}
