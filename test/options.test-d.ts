import { expectTypeOf, test } from 'vitest'
import type { SCAN_OPTIONS, ScanOptions, START_OPTIONS, Start } from '../ts/cell/scan.js'
import type { TOKEN_STATE_OPTIONS, TokenStateOptions } from '../ts/cell/state.js'
import type {
  AXIS_OPTIONS,
  AxisOptions,
  TOKEN_OPTIONS,
  TokenOptions,
  VECTOR_OPTIONS,
  VectorOptions,
} from '../ts/compose/inputs.js'
import type { LOAD_OPTIONS, LoadOptions } from '../ts/compose/load.js'
import type {
  MODEL_OPTIONS,
  ModelOptions,
  SEQUENTIAL_OPTIONS,
  SequentialOptions,
} from '../ts/compose/sequential.js'
import type { STACKED_OPTIONS, StackedOptions } from '../ts/compose/stacked.js'
import type { EXAMPLES_KEYS, Examples, PACKED_KEYS, Packed } from '../ts/data/data.js'
import type { IMPORT_KERAS_OPTIONS, ImportKerasOptions } from '../ts/keras/options.js'
import type { AFFINE_OPTIONS, AffineOptions } from '../ts/layer/affine.js'
import type { BIDIRECTIONAL_OPTIONS, BidirectionalOptions } from '../ts/layer/bidirectional.js'
import type { CELL_OPTIONS, CellOptions } from '../ts/layer/cells.js'
import type { CHOOSE_OPTIONS, ChooseOptions } from '../ts/layer/choose.js'
import type {
  CLOCKWORK_GROUP_OPTIONS,
  CLOCKWORK_OPTIONS,
  ClockworkGroup,
  ClockworkOptions,
} from '../ts/layer/clockwork.js'
import type { DEEP_TRANSITION_OPTIONS, DeepTransitionOptions } from '../ts/layer/deep-transition.js'
import type { DELAYED_OPTIONS, DelayedOptions } from '../ts/layer/delayed.js'
import type {
  DENSE_OPTIONS,
  DenseOptions,
  LINEAR_OPTIONS,
  LinearOptions,
} from '../ts/layer/dense.js'
import type { GUMBEL_SOFTMAX_OPTIONS, GumbelSoftmaxOptions } from '../ts/layer/discrete.js'
import type { DROPOUT_OPTIONS, DropoutOptions } from '../ts/layer/dropout.js'
import type { EMBEDDING_OPTIONS, EmbeddingOptions } from '../ts/layer/embedding.js'
import type { GRU_OPTIONS, GruOptions } from '../ts/layer/gru.js'
import type { GUMBEL_TREE_OPTIONS, GumbelTreeOptions } from '../ts/layer/gumbel-tree.js'
import type { LAYER_NORM_OPTIONS, LayerNormOptions } from '../ts/layer/layer-norm.js'
import type { LEAKY_OPTIONS, LeakyOptions } from '../ts/layer/leaky.js'
import type { LSTM_OPTIONS, LstmOptions } from '../ts/layer/lstm.js'
import type { MATMUL_OPTIONS, MatmulOptions } from '../ts/layer/matmul.js'
import type {
  RECURRENT_CALL_OPTIONS,
  RECURRENT_OPTIONS,
  RecurrentCall,
  RecurrentOptions,
} from '../ts/layer/recurrent.js'
import type { RNN_OPTIONS, RnnOptions } from '../ts/layer/rnn.js'
import type { SHIFT_OPTIONS, ShiftOptions } from '../ts/layer/shift.js'
import type { SLICE_OPTIONS, SliceOptions } from '../ts/layer/slice.js'
import type { ZONEOUT_OPTIONS, ZoneoutRates } from '../ts/layer/zoneout.js'
import type { EXPOSURE_OPTIONS, ExposureOptions } from '../ts/model/exposure-gap.js'
import type {
  FREE_RUN_OPTIONS,
  FreeRunOptions,
  GENERATE_OPTIONS,
  GenerateOptions,
} from '../ts/model/generate.js'
import type { GRADIENT_OPTIONS, GradientOptions } from '../ts/model/gradients.js'
import type { MATCH_OPTIONS, MatchOptions, SAMPLE_KEYS, Sample } from '../ts/model/load.js'
import type {
  LOG_PROBABILITY_OPTIONS,
  LogProbabilityOptions,
  SEQUENCE_EXAMPLES_KEYS,
  SequenceExamples,
} from '../ts/model/log-probability.js'
import type { PREDICT_OPTIONS, PredictOptions } from '../ts/model/prediction.js'
import type {
  BYTES_OPTIONS,
  BytesOptions,
  SAVE_OPTIONS,
  SaveOptions,
} from '../ts/model/save-options.js'
import type {
  BEAM_OPTIONS,
  BeamOptions,
  SAMPLE_OPTIONS,
  SampleOptions,
} from '../ts/model/search.js'
import type { LENGTH_OPTIONS, LengthOptions } from '../ts/model/stop.js'
import type { SYSTEM_SETTINGS, SystemSettings } from '../ts/native/system.js'
import type { EXPORT_ONNX_OPTIONS, ExportOnnxOptions } from '../ts/onnx/export/export-onnx.js'
import type { IMPORT_ONNX_OPTIONS, ImportOnnxOptions } from '../ts/onnx/import/options.js'
import type { Names } from '../ts/options.js'
import type { IMPORT_PYTORCH_OPTIONS, ImportPyTorchOptions } from '../ts/pytorch/options.js'
import type {
  AVERAGE_OPTIONS,
  AverageOptions,
  CHECKPOINT_OPTIONS,
  CheckpointOptions,
} from '../ts/train/checkpoint.js'
import type { EARLY_STOPPING_OPTIONS, EarlyStoppingOptions } from '../ts/train/early-stopping.js'
import type {
  CLIP_OPTIONS,
  ClipOptions,
  TRUNCATE_OPTIONS,
  TruncateOptions,
} from '../ts/train/limits.js'
import type {
  CROSS_ENTROPY_OPTIONS,
  CrossEntropyOptions,
  HUBER_OPTIONS,
  HuberOptions,
  LOSS_OPTIONS,
  LossOptions,
} from '../ts/train/loss.js'
import type {
  EVALUATE_OPTIONS,
  EvaluateOptions,
  TRAIN_OPTIONS,
  TrainOptions,
} from '../ts/train/options.js'
import type {
  COSINE_DECAY_OPTIONS,
  CosineDecayOptions,
  EXPONENTIAL_DECAY_OPTIONS,
  ExponentialDecayOptions,
  LINEAR_DECAY_OPTIONS,
  LinearDecayOptions,
  STEP_DECAY_OPTIONS,
  StepDecayOptions,
} from '../ts/train/schedule.js'
import type { PARSE_TREE_OPTIONS, ParseTreeOptions } from '../ts/tree/brackets.js'
import type { CHECK_TREE_OPTIONS, CheckTreeOptions } from '../ts/tree/check.js'

/** The names in a list of options, against the options that the list is of. */
interface Pair<List extends readonly unknown[], Options> {
  readonly listed: List[number]
  readonly declared: Names<Options>
}

/** Each list names every option, and no other. The optimizers' lists are their defaults' keys. */
interface Lists {
  affine: Pair<typeof AFFINE_OPTIONS, AffineOptions>
  average: Pair<typeof AVERAGE_OPTIONS, AverageOptions>
  axis: Pair<typeof AXIS_OPTIONS, AxisOptions>
  beam: Pair<typeof BEAM_OPTIONS, BeamOptions>
  bidirectional: Pair<typeof BIDIRECTIONAL_OPTIONS, BidirectionalOptions>
  cell: Pair<typeof CELL_OPTIONS, CellOptions>
  checkpoint: Pair<typeof CHECKPOINT_OPTIONS, CheckpointOptions>
  checkTree: Pair<typeof CHECK_TREE_OPTIONS, CheckTreeOptions>
  choose: Pair<typeof CHOOSE_OPTIONS, ChooseOptions>
  clip: Pair<typeof CLIP_OPTIONS, ClipOptions>
  bytes: Pair<typeof BYTES_OPTIONS, BytesOptions>
  clockwork: Pair<typeof CLOCKWORK_OPTIONS, ClockworkOptions<readonly ClockworkGroup[]>>
  clockworkGroup: Pair<typeof CLOCKWORK_GROUP_OPTIONS, ClockworkGroup>
  cosineDecay: Pair<typeof COSINE_DECAY_OPTIONS, CosineDecayOptions>
  crossEntropy: Pair<typeof CROSS_ENTROPY_OPTIONS, CrossEntropyOptions>
  delayed: Pair<typeof DELAYED_OPTIONS, DelayedOptions<number>>
  deepTransition: Pair<
    typeof DEEP_TRANSITION_OPTIONS,
    DeepTransitionOptions<number, readonly number[]>
  >
  dense: Pair<typeof DENSE_OPTIONS, DenseOptions<number, number>>
  dropout: Pair<typeof DROPOUT_OPTIONS, DropoutOptions>
  earlyStopping: Pair<typeof EARLY_STOPPING_OPTIONS, EarlyStoppingOptions>
  embedding: Pair<typeof EMBEDDING_OPTIONS, EmbeddingOptions<number, number>>
  evaluate: Pair<typeof EVALUATE_OPTIONS, EvaluateOptions>
  examples: Pair<typeof EXAMPLES_KEYS, Examples>
  exponentialDecay: Pair<typeof EXPONENTIAL_DECAY_OPTIONS, ExponentialDecayOptions>
  exposure: Pair<typeof EXPOSURE_OPTIONS, ExposureOptions>
  freeRun: Pair<typeof FREE_RUN_OPTIONS, FreeRunOptions>
  generate: Pair<typeof GENERATE_OPTIONS, GenerateOptions>
  gradients: Pair<typeof GRADIENT_OPTIONS, GradientOptions>
  gru: Pair<Both<typeof GRU_OPTIONS>, GruOptions<number, number, boolean>>
  gumbelSoftmax: Pair<typeof GUMBEL_SOFTMAX_OPTIONS, GumbelSoftmaxOptions>
  gumbelTree: Pair<typeof GUMBEL_TREE_OPTIONS, GumbelTreeOptions<number, number>>
  huber: Pair<typeof HUBER_OPTIONS, HuberOptions>
  layerNorm: Pair<typeof LAYER_NORM_OPTIONS, LayerNormOptions>
  leaky: Pair<typeof LEAKY_OPTIONS, LeakyOptions>
  length: Pair<typeof LENGTH_OPTIONS, LengthOptions>
  linear: Pair<typeof LINEAR_OPTIONS, LinearOptions>
  linearDecay: Pair<typeof LINEAR_DECAY_OPTIONS, LinearDecayOptions>
  load: Pair<typeof LOAD_OPTIONS, LoadOptions>
  logProbability: Pair<typeof LOG_PROBABILITY_OPTIONS, LogProbabilityOptions>
  loss: Pair<typeof LOSS_OPTIONS, LossOptions>
  lstm: Pair<Both<typeof LSTM_OPTIONS>, LstmOptions<number, number, boolean>>
  match: Pair<typeof MATCH_OPTIONS, MatchOptions>
  matmul: Pair<typeof MATMUL_OPTIONS, MatmulOptions>
  model: Pair<typeof MODEL_OPTIONS, ModelOptions>
  packed: Pair<typeof PACKED_KEYS, Packed<Float32Array>>
  parseTree: Pair<typeof PARSE_TREE_OPTIONS, ParseTreeOptions>
  exportOnnx: Pair<typeof EXPORT_ONNX_OPTIONS, ExportOnnxOptions>
  importKeras: Pair<typeof IMPORT_KERAS_OPTIONS, ImportKerasOptions>
  importOnnx: Pair<typeof IMPORT_ONNX_OPTIONS, ImportOnnxOptions>
  importPyTorch: Pair<typeof IMPORT_PYTORCH_OPTIONS, ImportPyTorchOptions>
  predict: Pair<typeof PREDICT_OPTIONS, PredictOptions>
  recurrentCall: Pair<typeof RECURRENT_CALL_OPTIONS, RecurrentCall<unknown>>
  recurrent: Pair<typeof RECURRENT_OPTIONS, RecurrentOptions<number, number, boolean>>
  rnn: Pair<Both<typeof RNN_OPTIONS>, RnnOptions<number, number, boolean>>
  sample: Pair<typeof SAMPLE_OPTIONS, SampleOptions>
  sampleOfOutputs: Pair<typeof SAMPLE_KEYS, Sample>
  save: Pair<typeof SAVE_OPTIONS, SaveOptions>
  scan: Pair<typeof SCAN_OPTIONS, ScanOptions>
  sequenceExamples: Pair<typeof SEQUENCE_EXAMPLES_KEYS, SequenceExamples>
  shift: Pair<typeof SHIFT_OPTIONS, ShiftOptions>
  slice: Pair<typeof SLICE_OPTIONS, SliceOptions<number>>
  start: Pair<typeof START_OPTIONS, Start<unknown>>
  stacked: Pair<typeof STACKED_OPTIONS, StackedOptions>
  stepDecay: Pair<typeof STEP_DECAY_OPTIONS, StepDecayOptions>
  system: Pair<typeof SYSTEM_SETTINGS, SystemSettings>
  token: Pair<typeof TOKEN_OPTIONS, TokenOptions>
  tokenState: Pair<typeof TOKEN_STATE_OPTIONS, TokenStateOptions>
  train: Pair<typeof TRAIN_OPTIONS, TrainOptions>
  truncate: Pair<typeof TRUNCATE_OPTIONS, TruncateOptions>
  sequential: Pair<typeof SEQUENTIAL_OPTIONS, SequentialOptions>
  vector: Pair<typeof VECTOR_OPTIONS, VectorOptions>
  zoneout: Pair<typeof ZONEOUT_OPTIONS, ZoneoutRates>
}

/** The shared options of recurrent layers with a layer's own. */
type Both<Own extends readonly unknown[]> = readonly [...typeof RECURRENT_OPTIONS, ...Own]

test('every option is in the list that refuses unknown ones, and no other is', () => {
  type Listed = { [K in keyof Lists]: Lists[K]['listed'] }
  type Declared = { [K in keyof Lists]: Lists[K]['declared'] }
  expectTypeOf<Listed>().toEqualTypeOf<Declared>()
})
