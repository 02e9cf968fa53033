/** One made-up person. Nothing of it may be found in a log. */
export interface GeneratedPatient {
  readonly given: string;
  readonly family: string;
  readonly name: string;
  readonly mrn: string;
  readonly ssn: string;
  readonly phone: string;
  readonly email: string;
  readonly card: string;
  readonly mbi: string;
  readonly npi: string;
  readonly dob: string;
  readonly address: string;
  /** What a note says of them; holds none of the above. */
  readonly sentence: string;
}

const SYLLABLES =
  'bra cel dov fin gul hes jor kal lum mor nes pol quin rav sol tev urs vex wil zam'.split(' ');
const STREETS = [
  'Street',
  'St',
  'Avenue',
  'Ave.',
  'Road',
  'Boulevard',
  'Drive',
  'Lane',
  'Court',
  'Way',
];
const FINDINGS = ['pneumothorax', 'haematuria', 'orthopnoea', 'odynophagia', 'cholelithiasis'];
const MONTHS =
  'January February March April May June July August September October November December'.split(
    ' ',
  );
const MBI_LETTERS = 'ACDEFGHJKMNPQRTUVWXY';

/** The same `seed` gives the same people (xorshift). */
export function generatePatients(count: number, seed = 20_261_121): GeneratedPatient[] {
  let state = seed | 0;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const pick = <T>(items: ArrayLike<T>): T => items[below(items.length)] as T;
  const digits = (length: number): string => Array.from({ length }, () => below(10)).join('');
  const word = (): string => {
    const text = pick(SYLLABLES) + pick(SYLLABLES) + pick(SYLLABLES);
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  const two = (value: number): string => String(value).padStart(2, '0');

  return Array.from({ length: count }, () => {
    const given = word();
    const family = word();
    const area = 200 + below(600);
    const group = two(1 + below(99));
    const serial = String(1 + below(9_999)).padStart(4, '0');
    const [a, b, c] = [200 + below(800), 200 + below(800), digits(4)];
    const bin = pick(['4', '51', '37', '6011']);
    const card = withCheckDigit(bin + digits((bin === '37' ? 14 : 15) - bin.length), '');
    const [year, month, day] = [1920 + below(100), 1 + below(12), 1 + below(28)];
    const letter = () => pick(MBI_LETTERS);
    const mbi = [1 + below(9), letter(), pick([letter(), below(10)]), below(10), letter()]
      .concat([pick([letter(), below(10)]), below(10), letter(), letter(), digits(2)])
      .join('');
    return {
      given,
      family,
      name: `${given} ${family}`,
      mrn: pick([`MRN-${digits(6)}`, `MRN${digits(8)}`, digits(8), `A${digits(7)}`]),
      ssn: pick([
        `${area}-${group}-${serial}`,
        `${area} ${group} ${serial}`,
        `${area}${group}${serial}`,
      ]),
      phone: pick([
        `(${a}) ${b}-${c}`,
        `${a}-${b}-${c}`,
        `${a}.${b}.${c}`,
        `+1 ${a} ${b} ${c}`,
        `+1${a}${b}${c}`,
        `+44 20 ${digits(4)} ${digits(4)}`,
      ]),
      email: `${given.toLowerCase()}.${family.toLowerCase()}${digits(2)}@${pick(['mail.example.org', 'example.com'])}`,
      card: pick([
        card,
        card.length === 16 ? (card.match(/.{4}/g) ?? []).join(pick([' ', '-'])) : card,
      ]),
      mbi: pick([mbi, `${mbi.slice(0, 4)}-${mbi.slice(4, 7)}-${mbi.slice(7)}`]),
      npi: withCheckDigit(`${1 + below(2)}${digits(8)}`, '80840'),
      dob: pick([
        `${year}-${two(month)}-${two(day)}`,
        `${two(month)}/${two(day)}/${year}`,
        `${day}.${month}.${year}`,
        `${year}${two(month)}${two(day)}`,
        `${MONTHS[month - 1] ?? ''} ${day}, ${year}`,
        `${day} ${(MONTHS[month - 1] ?? '').slice(0, 3)} ${year}`,
        `${year}-${two(month)}-${two(day)}T00:00:00.000Z`,
      ]),
      address: `${1 + below(9_999)} ${pick(['', 'N ', 'West '])}${word()} ${pick(STREETS)}${pick(['', `, Apt ${1 + below(99)}`, `, ${word()}, CA 9${digits(4)}`])}`,
      sentence: `No sign of ${pick(FINDINGS)} in ${word().toLowerCase()} segment.`,
    };
  });
}

/** Everything of a person that must not be found, each at least six characters long. */
export function identifiersOf(patient: GeneratedPatient): string[] {
  return (Object.values(patient) as string[]).filter((value) => value.length >= 6);
}

function withCheckDigit(digits: string, prefix: string): string {
  let sum = 0;
  const all = prefix + digits;
  for (let i = all.length - 1, double = true; i >= 0; i--, double = !double) {
    const digit = Number(all[i]);
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return `${digits}${(10 - (sum % 10)) % 10}`;
}
