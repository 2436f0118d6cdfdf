import type { MatchOptions, Model, Outputs, ParityReport, Values } from '../index.js'
import { readSource } from '../io/file.js'
import {
  isModel,
  isRecord,
  mismatch,
  readOptions,
  readRecord,
  renamed,
  shown,
} from '../io/options.js'
import { readSample } from '../io/sample.js'
import { inTurn } from '../io/turn.js'
import { IMPORT_PYTORCH_OPTIONS, type ImportPyTorchOptions } from './options.js'
import { stateDictOf } from './state-dict.js'

export type { ImportPyTorchOptions }

/** The function that all messages name. */
const WHERE = 'importPyTorch'

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
 * Rejects with an `UnrolledError` as `model.load` does: `ERR_UNROLLED_FORMAT` for a file that is damaged, foreign or holds
 * more than a state dict; `ERR_UNROLLED_IO` for one that cannot be read; `ERR_UNROLLED_SIZE` for tensors that do not fit in
 * memory; `ERR_UNROLLED_SHAPE` that lists all tensors of other shapes; `ERR_UNROLLED_NON_FINITE` for a NaN or infinity;
 * `ERR_UNROLLED_ARGUMENT` that lists what is missing or left over, and for a bad option; `ERR_UNROLLED_STATE` during
 * training. A sample rejects as the data of `predict` do. Of a file that is refused nothing is set.
 */
export function importPyTorch<I extends Values, O extends Outputs>(
  model: Model<I, O>,
  source: string | Uint8Array,
  options: ImportPyTorchOptions<I, O> = {},
): Promise<ParityReport> {
  return inTurn(() => read(model, source, options))
}

async function read<I extends Values, O extends Outputs>(
  model: Model<I, O>,
  source: string | Uint8Array,
  options: ImportPyTorchOptions<I, O>,
): Promise<ParityReport> {
  if (!isModel(model)) throw mismatch(WHERE, 'a model', shown(model))
  const { key, rename, sample, ...rest } = readOptions(WHERE, options, IMPORT_PYTORCH_OPTIONS)
  if (key !== undefined && typeof key !== 'string')
    throw mismatch(`${WHERE} key`, 'a name in the file', shown(key))
  const matching = {
    ...rest,
    rename: isRecord(rename) ? readRecord(`${WHERE} rename`, rename, 'prefixes') : rename,
    sample: readSample(`${WHERE} sample`, sample),
  }
  const bytes = await readSource(WHERE, source)
  const where = typeof source === 'string' ? `${WHERE} '${source}'` : WHERE
  const tensors = stateDictOf(where, bytes, key)
  return renamed(WHERE, 'load', () => model.load(tensors, matching as MatchOptions<I, O>))
}
