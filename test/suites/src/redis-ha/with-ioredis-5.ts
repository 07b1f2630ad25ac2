import { registerHooks } from 'node:module';

/** Loaded before a program: what it and its packages import as ioredis is ioredis 5. */
const five = import.meta.resolve('ioredis-5');
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'ioredis' ? { url: five, shortCircuit: true } : next(specifier, context),
});
