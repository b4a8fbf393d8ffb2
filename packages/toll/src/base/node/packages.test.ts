import { expect, it } from 'vitest'
import { missingPackage } from '../index.js'
import { loadPackage, packageFile } from './index.js'

it('says which package to install, and as data too', () => {
  expect(missingPackage('onnxruntime-node')).toMatchObject({
    code: 'device',
    reason: 'missing-package',
    details: { package: 'onnxruntime-node' },
    message:
      'Fitting and scoring in Node needs the package onnxruntime-node; install it with: ' +
      'npm install onnxruntime-node@1.30.0',
  })
})

it('finds packages and their files', async () => {
  expect(packageFile('onnxruntime-node', '/package.json')).toMatch(/onnxruntime-node.package\.json$/)
  expect(await loadPackage('linkedom')).toHaveProperty('parseHTML')
})

it('says what is missing', async () => {
  const missing = { reason: 'missing-package', details: { package: '@duckdb/node-api' } }
  await expect(loadPackage('@duckdb/node-api', '/nothing.js')).rejects.toMatchObject(missing)
  expect(() => packageFile('@duckdb/node-api', '/nothing.js')).toThrow(expect.objectContaining(missing))
})
