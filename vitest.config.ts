import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: [
      { find: /^unrolled$/, replacement: fileURLToPath(new URL('./ts/index.ts', import.meta.url)) },
      {
        find: /^unrolled\/(\w+)$/,
        replacement: fileURLToPath(new URL('./ts/$1/index.ts', import.meta.url)),
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // A native addon gets a process of its own.
    pool: 'forks',
    testTimeout: 30_000,
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
  },
})
