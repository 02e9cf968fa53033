import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext, Type } from '@nestjs/common';
import { ApiBody, getSchemaPath } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DomainError } from '@app/common';
import type { EdgeRequest } from '../adapter/exchange.js';
import { SchemaCompiler } from './schema-compiler.js';
import type { BodyCheck } from './schema-compiler.js';

interface DeclaredBody {
  readonly dto: Type<unknown>;
  readonly place: string;
  check: BodyCheck | undefined;
}

// Decorators run before there is an application, so what they declare waits here for the boot.
const declared: DeclaredBody[] = [];

const readBody = createParamDecorator((body: DeclaredBody, host: ExecutionContext): unknown => {
  const value = host.getArgByIndex<EdgeRequest>(0).body;
  if (body.check === undefined)
    throw new Error(`${body.place} was served before its schema was compiled`);
  if (value === undefined) {
    throw new DomainError(
      'MALFORMED_REQUEST',
      'The request has no body. Send a JSON object with "Content-Type: application/json".',
    );
  }
  body.check(value);
  return value;
});

/**
 * The request's body, checked against the OpenAPI schema of the parameter's
 * class: `predict(@ValidBody() body: PredictDto)`. Also documents it.
 *
 * A parameter decorator and not a pipe: pipes cost every request a chain of
 * promises, a decorator that answers at once costs none.
 */
export function ValidBody(): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) throw new Error('@ValidBody() belongs on a parameter of a method');
    const place = `${target.constructor.name}.${String(key)}`;
    const types = Reflect.getMetadata('design:paramtypes', target, key) as unknown[] | undefined;
    const dto = types?.[index];
    if (typeof dto !== 'function' || dto === Object || dto === Array) {
      throw new Error(`@ValidBody() in ${place} needs a parameter whose type is a DTO class`);
    }
    const body: DeclaredBody = { dto: dto as Type<unknown>, place, check: undefined };
    declared.push(body);
    const descriptor = Object.getOwnPropertyDescriptor(target, key);
    if (descriptor !== undefined) ApiBody({ type: body.dto })(target, key, descriptor);
    readBody(body)(target, key, index);
  };
}

/** Compiles the checks of every declared body that the document describes. Throws, naming the route, for an unsound schema. */
export function compileDeclaredBodies(document: OpenAPIObject): void {
  const compiler = new SchemaCompiler(document);
  const schemas = document.components?.schemas ?? {};
  for (const body of declared) {
    const pointer = getSchemaPath(body.dto);
    if (schemas[pointer.slice(pointer.lastIndexOf('/') + 1)] === undefined) continue;
    try {
      body.check = compiler.compile(pointer);
    } catch (cause) {
      throw new Error(
        `The schema of ${body.dto.name}, the body of ${body.place}, cannot be compiled`,
        { cause },
      );
    }
  }
}
