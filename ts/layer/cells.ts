import { checkState, type NamedVectors } from '../cell/unroll.js'
import { nameOf } from '../graph/names.js'
import { scopeOf } from '../graph/scope.js'
import { currentScope } from '../graph/step.js'
import { checkKind, type Vector } from '../graph/value.js'
import { checkBoolean, checkCount, checkOptions, checkWord } from '../options.js'
import { type GruState, gruKind } from './gru.js'
import { checkInitializer, type Initializer } from './initializer.js'
import { type LstmState, lstmKind } from './lstm.js'
import type { CellSettings } from './recurrent.js'
import { RNN_ACTIVATIONS, type RnnState, rnnKind } from './rnn.js'
import { declare, type RecurrentKind } from './stack.js'

/** Options that {@link rnnCell}, {@link lstmCell} and {@link gruCell} share. */
export interface CellOptions {
  /** Learns biases; `true` by default (`gruCell`: the value of `resetAfter`). */
  readonly bias?: boolean
  /** Initial weights; `'glorot'` by default. */
  readonly initializer?: Initializer
  /** Names the cell and its parameters; the kind by default. */
  readonly name?: string
}

/** Options of {@link rnnCell}. */
export interface RnnCellOptions extends CellOptions {
  /** `'tanh'` by default. */
  readonly activation?: 'tanh' | 'relu'
}

/** Options of {@link lstmCell}. */
export interface LstmCellOptions extends CellOptions {
  /** Initial value of the forget gate's `bias_ih`; 1 by default. Not for `'pytorch'` weights. */
  readonly forgetBias?: number
}

/** Options of {@link gruCell}. */
export interface GruCellOptions extends CellOptions {
  /** As in {@link gru}: `true` by default. */
  readonly resetAfter?: boolean
}

export const CELL_OPTIONS = [
  'bias',
  'initializer',
  'name',
] as const satisfies readonly (keyof CellOptions)[]

/** One step of a recurrent layer: the next state. Called twice, it shares its parameters. */
export type StepCell<S> = (state: S, x: Vector) => S

/**
 * One step of {@link rnn}, for the bodies of cells: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu.
 *
 * Parameters, PyTorch's: `weight_ih` `[H, I]`, `weight_hh` `[H, H]`, `bias_ih`, `bias_hh` `[H]`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option; of the call, `ERR_UNROLLED_KIND` and
 * `ERR_UNROLLED_SHAPE` for a state or input that does not fit.
 */
export function rnnCell<H extends number>(
  hiddenSize: H,
  options: RnnCellOptions = {},
): StepCell<RnnState<H>> {
  const settings = settingsOf('rnnCell', hiddenSize, options, ['activation'])
  const where = `${settings.where} activation`
  const activation = checkWord(where, options.activation ?? 'tanh', RNN_ACTIVATIONS)
  return stepCell(rnnKind(activation), settings, options.name)
}

/**
 * One step of {@link lstm}, for the bodies of cells, at the speed of the layer:
 *
 * ```ts
 * const decoder = cell({ h: 64, c: 64 }, (state, x) => lstmCell(64)(state, concat(x, context)))
 * ```
 *
 * Parameters, PyTorch's, gates in the order i, f, g, o: `weight_ih` `[4H, I]`, `weight_hh` `[4H, H]`,
 * `bias_ih`, `bias_hh` `[4H]`.
 *
 * @throws UnrolledError as {@link rnnCell}.
 */
export function lstmCell<H extends number>(
  hiddenSize: H,
  options: LstmCellOptions = {},
): StepCell<LstmState<H>> {
  const settings = settingsOf('lstmCell', hiddenSize, options, ['forgetBias'])
  return stepCell(lstmKind(settings, options.forgetBias), settings, options.name)
}

/**
 * One step of {@link gru}, for the bodies of cells.
 *
 * Parameters, PyTorch's, gates in the order r, z, n: `weight_ih` `[3H, I]`, `weight_hh` `[3H, H]`,
 * `bias_ih`, `bias_hh` `[3H]`.
 *
 * @throws UnrolledError as {@link rnnCell}.
 */
export function gruCell<H extends number>(
  hiddenSize: H,
  options: GruCellOptions = {},
): StepCell<GruState<H>> {
  const after = (): boolean => checkBoolean('gruCell resetAfter', options.resetAfter ?? true)
  const settings = settingsOf('gruCell', hiddenSize, options, ['resetAfter'], after)
  return stepCell(gruKind(after()), settings, options.name)
}

function settingsOf(
  kind: string,
  hiddenSize: number,
  options: CellOptions,
  own: readonly string[],
  bias: () => boolean = () => true,
): CellSettings {
  checkOptions(kind, options, [...CELL_OPTIONS, ...own])
  const where = nameOf(kind, options.name)
  return {
    where,
    hiddenSize: checkCount(`${where} hiddenSize`, hiddenSize),
    bias: checkBoolean(`${where} bias`, options.bias ?? bias()),
    initializer: checkInitializer(where, options.initializer),
  }
}

function stepCell<S extends object>(
  kind: RecurrentKind,
  settings: CellSettings,
  name: string | undefined,
): StepCell<S> {
  const { where, hiddenSize } = settings
  const maker = currentScope()
  const call = (state: S, x: Vector): S => {
    checkOptions(`${where} state`, state, kind.states, 'state')
    const given: Partial<NamedVectors> = { ...state }
    const states = Object.fromEntries(
      kind.states.map((it) => [it, checkState(`${where} ${it}`, given[it], hiddenSize)]),
    )
    const scope = scopeOf(where, [x, ...Object.values(states)])
    checkKind(where, x, ['vector'])
    return scope.attempt(() => {
      const site = scope.site(call, `${kind.kind}Cell`, name, maker)
      const parameters = declare(kind, settings, site, x.size)
      // The step returns the states of its kind, whose sizes are those of the state given.
      return kind.step(scope, parameters, x, states).next as S
    })
  }
  return call
}
