import { checkState } from '../cell/state.js'
import type { NamedVectors } from '../cell/unroll.js'
import { nameOf } from '../graph/names.js'
import { scopeOf } from '../graph/scope.js'
import { currentScope } from '../graph/step.js'
import { checkKind, type Vector } from '../graph/value.js'
import { checkBoolean, checkOptions } from '../options.js'
import type { GruState } from './gru.js'
import { GRU_STEP_OPTIONS, type GruStepOptions, gruKind } from './gru-step.js'
import { declare, type RecurrentKind } from './kind.js'
import type { LstmState } from './lstm.js'
import { LSTM_STEP_OPTIONS, type LstmStepOptions, lstmKind } from './lstm-step.js'
import {
  type CellSettings,
  type RecurrentStepOptions,
  resolveStep,
  STEP_OPTIONS,
} from './recurrent.js'
import type { RnnState } from './rnn.js'
import { RNN_STEP_OPTIONS, type RnnStepOptions, rnnKind } from './rnn-step.js'

/** Options that {@link rnnCell}, {@link lstmCell} and {@link gruCell} share. */
export interface CellOptions extends RecurrentStepOptions {
  /** Names the cell and its parameters; the kind by default. */
  readonly name?: string
}

/** Options of {@link rnnCell}. */
export interface RnnCellOptions extends CellOptions, RnnStepOptions {}

/** Options of {@link lstmCell}; `P` is the size of the projection. */
export interface LstmCellOptions<P extends number = number>
  extends CellOptions,
    LstmStepOptions<P> {}

/** Options of {@link gruCell}. */
export interface GruCellOptions extends CellOptions, GruStepOptions {}

export const CELL_OPTIONS = [
  ...STEP_OPTIONS,
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
  const settings = settingsOf('rnnCell', hiddenSize, options, RNN_STEP_OPTIONS)
  return stepCell(rnnKind(settings, options), settings, options.name)
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
export function lstmCell<H extends number, P extends number = H>(
  hiddenSize: H,
  options: LstmCellOptions<P> = {},
): StepCell<LstmState<H, P>> {
  const settings = settingsOf('lstmCell', hiddenSize, options, LSTM_STEP_OPTIONS)
  return stepCell(lstmKind(settings, options), settings, options.name)
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
  const settings = settingsOf('gruCell', hiddenSize, options, GRU_STEP_OPTIONS, after)
  return stepCell(gruKind(settings, after(), options), settings, options.name)
}

function settingsOf(
  kind: string,
  hiddenSize: number,
  options: CellOptions,
  own: readonly string[],
  bias: () => boolean = () => true,
): CellSettings {
  checkOptions(kind, options, [...CELL_OPTIONS, ...own])
  return resolveStep(nameOf(kind, options.name), hiddenSize, options, bias)
}

function stepCell<S extends object>(
  kind: RecurrentKind,
  settings: CellSettings,
  name: string | undefined,
): StepCell<S> {
  const { where } = settings
  const sizes = Object.entries(kind.sizes)
  const maker = currentScope()
  const call = (state: S, x: Vector): S => {
    checkOptions(`${where} state`, state, Object.keys(kind.sizes), 'state')
    const given: Partial<NamedVectors> = { ...state }
    const states = Object.fromEntries(
      sizes.map(([it, size]) => [it, checkState(`${where} ${it}`, given[it], size)]),
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
