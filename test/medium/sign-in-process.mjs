// A small service whose sign-in is throttled; prints its URL. It runs by itself because
// @nestjs/throttler is CommonJS that requires ES modules, which jest cannot load before Node 24.
import { Controller, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';

const load = (file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { RateLimits } = await load('libs/auth/src/limits/rate-limits.js');
const { LeanExpressAdapter } = await load('apps/api/src/http/adapter/lean-express.adapter.js');
const { Public } = await load('apps/api/src/http/guards/access.decorators.js');
const { ProblemFilter } = await load('apps/api/src/http/filters/problem.filter.js');
const { RequestOpener } = await load('apps/api/src/http/middleware/request-opener.js');
const { SIGN_IN_THROTTLERS, SignInThrottler } = await load(
  'apps/api/src/http/guards/sign-in.throttler.js',
);

class SignInController {
  logIn() {
    return {};
  }
  other() {
    return {};
  }
}
const on = (name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(SignInController.prototype, name);
  for (const decorate of decorators) decorate(SignInController.prototype, name, descriptor);
};
on('logIn', Post('auth/login'), UseGuards(SignInThrottler));
on('other', Post('other'));
Public()(SignInController);
Controller()(SignInController);

const limits = new RateLimits({ database: null, redis: null, log: { warn: () => undefined } });
class ServiceModule {}
Module({
  imports: [
    ThrottlerModule.forRoot({
      throttlers: [...SIGN_IN_THROTTLERS],
      storage: limits.throttlerStorage,
      setHeaders: false,
    }),
  ],
  controllers: [SignInController],
})(ServiceModule);

const adapter = new LeanExpressAdapter();
adapter.set('trust proxy', 1);
const app = await NestFactory.create(ServiceModule, adapter, { logger: false });
const opener = new RequestOpener({});
const problems = new ProblemFilter({ log: () => undefined, allowedMethods: () => [] });
adapter.setFront({
  open: (request, response, waits) => {
    opener.open(request, response, waits);
    return true;
  },
  fail: (error, request, response) => problems.answer(error, request, response),
});
app.useGlobalFilters(problems);
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
