/** Numbers of a file, read when they are asked for. */
export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  read(): Float32Array
}
