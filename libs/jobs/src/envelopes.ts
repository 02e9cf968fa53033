import type { FieldCipher } from '@app/encryption';

/** Seals what may hold patient data of one column; null stays null. */
export class EnvelopeColumn {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly table: string,
    private readonly column: string,
  ) {}

  /** @param row the row's id */
  seal(row: string, plain: string): string {
    return this.cipher.encrypt({ table: this.table, column: this.column, row }, plain);
  }

  sealIfAny(row: string, plain: string | undefined): string | null {
    return plain === undefined ? null : this.seal(row, plain);
  }

  open(row: string, envelope: string): string {
    return this.cipher.decrypt({ table: this.table, column: this.column, row }, envelope);
  }
}
