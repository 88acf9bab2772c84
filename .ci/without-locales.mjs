/** zod without its messages in fifty languages. */
export const withoutLocales = {
  name: 'without-locales',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /\/locales\/index\.js$/ }, ({ importer, resolveDir, kind }) =>
      importer.includes('/zod/') ? resolve('../locales/en.js', { importer, resolveDir, kind }) : undefined,
    );
  },
};
