/**
 * Files of the user's with `import` and `export` in a package of `"type": "commonjs"`, which `npm init` writes: Node
 * refuses them there, so they are loaded as what they are.
 */
import * as nodeModule from 'node:module';

/** At the beginning of a line; `import(…)` is CommonJS too. */
const MODULE_SYNTAX = /^\s*(export\s|export[{*]|import\s+[\w{*'"]|import[{*'"])/m;
const COMMONJS_SYNTAX = /\bmodule\.exports\b|\bexports\.\w+\s*=/;

let isRegistered = false;

/** From now on they are; false on a Node that has no hooks for it (before 22.15). */
export function loadModulesInCommonJs(): boolean {
  if (typeof nodeModule.registerHooks !== 'function') return false;
  if (isRegistered) return true;
  isRegistered = true;
  nodeModule.registerHooks({
    load(url, context, next) {
      const format = context.format ?? '';
      const loaded = next(url, context);
      if (!format.startsWith('commonjs') || !url.startsWith('file:') || url.includes('/node_modules/'))
        return loaded;
      const text = textOf(loaded.source);
      if (!MODULE_SYNTAX.test(text) || COMMONJS_SYNTAX.test(text)) return loaded;
      return next(url, { ...context, format: format.replace('commonjs', 'module') });
    },
  });
  return true;
}

/** What Node says of such a file, when it refuses it. */
export function isModuleInCommonJs(error: unknown): boolean {
  return (
    error instanceof SyntaxError &&
    /Unexpected token 'export'|Cannot use import statement outside a module/.test(error.message)
  );
}

function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  return source instanceof Uint8Array ? Buffer.from(source).toString('utf8') : '';
}
