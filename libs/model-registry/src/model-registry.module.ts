import { Module, type DynamicModule } from '@nestjs/common';
import { ModelRegistry } from './model-registry.js';

/** Gives every module the registry, which is read from disk before Nest is there. */
@Module({})
export class ModelRegistryModule {
  static forRoot(registry: ModelRegistry): DynamicModule {
    return {
      module: ModelRegistryModule,
      global: true,
      providers: [{ provide: ModelRegistry, useValue: registry }],
      exports: [ModelRegistry],
    };
  }
}
