import { Module, type DynamicModule } from '@nestjs/common';
import { Database } from './database.js';

/** Gives every module the database, which is opened and migrated before Nest is there. */
@Module({})
export class DatabaseModule {
  static forRoot(database: Database): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: Database, useValue: database }],
      exports: [Database],
    };
  }
}
