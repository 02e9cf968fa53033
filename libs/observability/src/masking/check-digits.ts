/** The check that card numbers pass; nine of ten other numbers do not. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    let digit = digits.charCodeAt(i) - 48;
    if (double) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

/** Whether some 13 to 19 digits in a row among these are a payment card's. */
export function holdsCardNumber(digits: string): boolean {
  for (let start = 0; start + 13 <= digits.length; start++) {
    // Payment cards begin with 2 to 6.
    const first = digits.charCodeAt(start) - 48;
    if (first < 2 || first > 6) continue;
    for (let length = 13; length <= 19 && start + length <= digits.length; length++) {
      if (passesLuhn(digits.slice(start, start + length))) return true;
    }
  }
  return false;
}

/** A National Provider Identifier: ten digits whose check includes the prefix 80840. */
export function isNpi(digits: string): boolean {
  return digits.length === 10 && /^[12]/.test(digits) && passesLuhn(`80840${digits}`);
}
