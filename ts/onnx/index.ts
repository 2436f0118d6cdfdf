export { type ExportOnnxOptions, exportOnnx } from './export/export-onnx.js'
export { type ImportedOnnx, importOnnx } from './import/import.js'
export type { InputShape } from './import/inputs.js'
export type { ImportOnnxOptions, OnnxSample } from './import/options.js'
