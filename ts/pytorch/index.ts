import { setImmediate } from 'node:timers/promises'
import {
  type AnyValues,
  type MatchOptions,
  Model,
  type Outputs,
  type ParityReport,
  UnrolledError,
  type Values,
} from '../index.js'
import { readWhole } from '../io/file.js'
import { stateDictOf } from './state-dict.js'

/** Options of {@link importPyTorch}: those of `model.load`, and the place in the file. */
export interface PyTorchOptions<I extends Values = AnyValues, O extends Outputs = AnyValues>
  extends MatchOptions<I, O> {
  /**
   * The state dict in a file of more: `'state_dict'` of `{ epoch, state_dict }`, `'net.encoder'` of
   * `{ net: { encoder } }`; by default the file is one.
   */
  readonly key?: string
}

/**
 * Sets a model's parameters to those of a PyTorch state dict, as `torch.save(model.state_dict(), path)` writes it: of a
 * file (`.pt`, `.pth`, `.bin`) by its path, or of its bytes. Names, gates and biases are PyTorch's here as well: `rnn`, `lstm`
 * (with `projSize`), `gru` (with `resetAfter`), `dense`, `embedding` and `layerNorm` take them unchanged, and `rename` maps the
 * names of modules. Nothing of the file is run: a pickle that names more than tensors and dicts is refused by that name.
 *
 * ```ts
 * const report = await importPyTorch(model, 'tagger.pt', { rename: { 'encoder.rnn.': 'lstm.' } })
 * ```
 *
 * Rejects with an `UnrolledError` as `model.load` does: `ERR_UNROLLED_FORMAT` for a file that is damaged or holds more than
 * a state dict.
 */
export async function importPyTorch<I extends Values, O extends Outputs>(
  model: Model<I, O>,
  source: string | Uint8Array,
  options: PyTorchOptions<I, O> = {},
): Promise<ParityReport> {
  // A loop of refused calls starves nobody.
  await setImmediate()
  if (!(model instanceof Model)) throw argument('a model', model)
  if (typeof options !== 'object' || options === null)
    throw argument('an object of options', options)
  const { key, ...matching } = options
  if (key !== undefined && typeof key !== 'string') throw argument('a key that is a string', key)
  const [where, bytes] = await bytesOf(source)
  return model.load(stateDictOf(where, bytes, key), matching)
}

async function bytesOf(source: unknown): Promise<[where: string, bytes: Uint8Array]> {
  if (source instanceof Uint8Array) return ['importPyTorch', source]
  if (typeof source !== 'string') throw argument('a path or bytes', source)
  try {
    return [`importPyTorch '${source}'`, await readWhole(source)]
  } catch (cause) {
    const message = `importPyTorch: cannot read '${source}': ${(cause as Error).message}`
    throw new UnrolledError('ERR_UNROLLED_IO', message, { cause })
  }
}

function argument(expected: string, received: unknown): UnrolledError {
  const kind = received === null ? 'null' : typeof received
  const message = `importPyTorch: expected ${expected}, received ${kind}`
  return new UnrolledError('ERR_UNROLLED_ARGUMENT', message)
}
