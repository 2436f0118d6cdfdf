import type { AnyValues, MatchOptions, Outputs, Values } from '../index.js'

/** Options of `importPyTorch`: those of `model.load`, and the place in the file. */
export interface ImportPyTorchOptions<I extends Values = AnyValues, O extends Outputs = AnyValues>
  extends MatchOptions<I, O> {
  /**
   * The state dict in a file of more: `'state_dict'` of `{ epoch, state_dict }`, `'net.encoder'` of
   * `{ net: { encoder } }`; by default the file is one.
   */
  readonly key?: string
}

export const IMPORT_PYTORCH_OPTIONS = [
  'rename',
  'strict',
  'sample',
  'key',
] as const satisfies readonly (keyof ImportPyTorchOptions)[]
