import tseslint from 'typescript-eslint'
import { problemOf } from './tools/rooms.mjs'

const rooms = {
  rules: {
    imports: {
      meta: { type: 'problem', schema: [] },
      create(context) {
        const check = (node) => {
          if (typeof node.source?.value !== 'string') return
          const problem = problemOf(context.filename, node.source.value)
          if (problem) context.report({ node, message: problem })
        }
        return {
          ImportDeclaration: check,
          ImportExpression: check,
          ExportNamedDeclaration: check,
          ExportAllDeclaration: check,
        }
      },
    },
    // The formatter leaves texts, templates and comments as wide as they are.
    width: {
      meta: { type: 'layout', schema: [] },
      create: (context) => ({
        Program() {
          context.sourceCode.lines.forEach((text, i) => {
            if ([...text].length > width)
              context.report({
                loc: { line: i + 1, column: width },
                message: `A line has at most ${width} characters.`,
              })
          })
        },
      }),
    },
    // Nothing is decided by the words of an error: neither by `.message`, nor by what `messageOf` gives.
    messages: {
      meta: { type: 'problem', schema: [] },
      create(context) {
        const refuse = (node) =>
          context.report({ node, message: 'Read the reason and the details of an error, never its message.' })
        const { parserServices } = context.sourceCode
        const ofError = (node) => {
          const type = parserServices.getTypeAtLocation(node)
          return (type.flags & anyType) !== 0 || type.getProperty('stack') !== undefined
        }
        return {
          'MemberExpression[property.type="Identifier"][property.name="message"]': (node) =>
            !node.computed && ofError(node.object) && refuse(node),
          'MemberExpression > Literal.property[value="message"]': (node) => ofError(node.parent.object) && refuse(node),
          'ObjectPattern > Property[key.name="message"]': (node) => ofError(node.parent) && refuse(node),
          'CallExpression[callee.name="messageOf"]': (node) => isPartOfText(node) || refuse(node),
        }
      },
    },
  },
}

const anyType = 1
const width = 120

const searches = /^(test|exec|match|matchAll|search|includes|startsWith|endsWith|indexOf|lastIndexOf|has|get)$/

/** Whether a call becomes part of a text, or goes to a function or an object as it is. */
function isPartOfText(node) {
  const { parent } = node
  switch (parent.type) {
    case 'TemplateLiteral':
    case 'Property':
    case 'NewExpression':
      return true
    case 'CallExpression':
      return parent.callee !== node && !searches.test(parent.callee.property?.name)
    case 'MemberExpression':
      return parent.property.name === 'slice' && isPartOfText(parent.parent)
    case 'ConditionalExpression':
      return parent.test !== node && isPartOfText(parent)
    case 'LogicalExpression':
      return isPartOfText(parent)
    case 'BinaryExpression':
      return parent.operator === '+'
    default:
      return false
  }
}

export default tseslint.config(
  { ignores: ['**/dist/', 'node_modules/', 'toll-demo/'] },
  {
    files: ['{packages/*,paper}/src/**/*.ts', 'test/*.ts', 'bench/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylistic],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { rooms },
    rules: {
      'rooms/imports': 'error',
      'rooms/width': 'error',
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Name every export.' }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  {
    files: ['{packages/*,paper}/src/**/*.ts', 'bench/*.ts'],
    ignores: ['**/*.test.ts', 'packages/toll/src/base/errors.ts'],
    rules: { 'rooms/messages': 'error' },
  },
  { files: ['packages/cli/src/**/*.ts', '**/*.test.ts', 'bench/*.ts'], rules: { 'no-console': 'off' } },
  // `expect.stringMatching` and its like are typed `any`.
  {
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off', '@typescript-eslint/no-unsafe-return': 'off' },
  },
)
