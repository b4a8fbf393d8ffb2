import { defineConfig } from 'vitest/config'

// Tests run on the compiled files: what is tested is what ships, and worker threads need no loader.
export default defineConfig({
  test: {
    include: ['{packages/*,paper,test}/dist/**/*.test.js'],
    maxWorkers: '100%',
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
