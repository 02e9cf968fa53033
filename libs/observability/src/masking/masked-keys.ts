/** What the value under a key is taken for, whatever it looks like. */
export type KeyKind =
  /** Identifies a person or opens a door: nothing of it is shown, be it text, number or object. */
  | 'secret'
  /** Words about a patient. Numbers are counts or lengths, and stay. */
  | 'words'
  /** The name of something, which may be somebody. */
  | 'name'
  /** Of a machine or of a house. */
  | 'address'
  /** Ours: written by this service in a form of its own. */
  | 'own'
  /** How many, how large or how long: a number is never an identifier. */
  | 'measure'
  | 'other';

const SECRET = [
  // who
  ...['patient', 'patientname', 'firstname', 'middlename', 'lastname', 'fullname', 'givenname'],
  ...['familyname', 'maidenname', 'mothersmaidenname', 'surname', 'forename', 'given', 'family'],
  ...['displayname', 'nickname', 'guardian', 'nextofkin', 'contactname', 'physicianname'],
  // numbers of people
  ...['mrn', 'medicalrecordnumber', 'medicalrecordno', 'recordnumber', 'patientid', 'patientids'],
  ...['caseid', 'sampleid', 'ssn', 'socialsecurity', 'socialsecuritynumber', 'nationalid', 'nhs'],
  ...['nhsnumber', 'mbi', 'hicn', 'medicareid', 'medicaidid', 'memberid', 'subscriberid', 'npi'],
  ...['insuranceid', 'policynumber', 'accountnumber', 'passport', 'passportnumber', 'license'],
  ...['licensenumber', 'licence', 'licencenumber', 'driverslicense', 'healthplanid', 'taxid'],
  ...['card', 'cardnumber', 'creditcard', 'creditcardnumber', 'pan', 'cvv', 'cvc', 'iban'],
  // when and where
  ...['dob', 'dateofbirth', 'birthdate', 'birthday', 'birth', 'deceaseddate', 'dateofdeath'],
  ...['street', 'streetaddress', 'homeaddress', 'postaladdress', 'mailingaddress', 'addressline'],
  ...['addressline1', 'addressline2', 'city', 'county', 'zip', 'zipcode', 'postcode', 'postalcode'],
  // how to reach them
  ...['email', 'emails', 'emailaddress', 'mail', 'notifyemail', 'phone', 'phones', 'phonenumber'],
  ...['mobile', 'telephone', 'tel', 'telecom', 'cell', 'cellphone', 'fax', 'faxnumber', 'contact'],
  // what opens doors
  ...['authorization', 'proxyauthorization', 'xapikey', 'apikey', 'cookie', 'cookies', 'setcookie'],
  ...['password', 'passwd', 'pwd', 'passphrase', 'secret', 'clientsecret', 'token', 'accesstoken'],
  ...['refreshtoken', 'idtoken', 'sessiontoken', 'credential', 'credentials', 'privatekey', 'jwt'],
  ...['encryptionkey', 'bearer', 'otp', 'pin', 'signature', 'hmac', 'pem'],
];

const WORDS = [
  ...['text', 'texts', 'sentence', 'sentences', 'input', 'inputs', 'entity', 'entities', 'note'],
  ...['notes', 'body', 'rawbody', 'payload', 'content', 'contents', 'prompt', 'prompts', 'history'],
  ...['medicalhistory', 'diagnosis', 'diagnoses', 'comment', 'comments', 'transcript', 'document'],
  ...['accessreason', 'xaccessreason', 'preview', 'completion', 'rejected', 'metadata', 'features'],
  ...['image', 'images', 'params', 'parameters', 'bindings', 'row', 'rows', 'data', 'buffer'],
  ...['correctlabel', 'userid', 'xuserid'],
];

const ADDRESS = ['address', 'addresses', 'addr'];

const OWN = [
  ...['time', 'requestid', 'xrequestid', 'traceid', 'spanid', 'traceparent'],
  ...['version', 'modelversion', 'xmodelversion', 'model', 'key'],
];

/** Of composed keys: `userEmail`, `new_password`, `patient.phone`. */
const SECRET_ENDINGS =
  /(?:password|passphrase|secret|token|apikey|privatekey|email|phone|phonenumber|ssn|mrn|npi|mbi|dob|birthdate|dateofbirth|firstname|lastname|fullname|patientname|patientid|surname|cardnumber)$/;
const WORDS_ENDINGS = /(?:text|sentence|sentences|prompt|body)$/;
const MEASURE =
  /(?:^(?:pid|port|status|statuscode|line|column|position|uptime|rss|heapused|heaptotal|external|arraybuffers)|(?:ms|us|ns|seconds|bytes|mb|count|size|total|tokens|length|limit|used|remaining|percent|at|timestamp))$/;

const FIXED = new Map<string, KeyKind>([
  ...SECRET.map((key) => [key, 'secret'] as const),
  ...WORDS.map((key) => [key, 'words'] as const),
  ...ADDRESS.map((key) => [key, 'address'] as const),
  ...OWN.map((key) => [key, 'own'] as const),
  ['name', 'name'],
  ['names', 'name'],
  ['context', 'other'],
]);

const REMEMBERED = 2_000;
const LONGEST_REMEMBERED = 64;
const remembered = new Map<string, KeyKind>();

/** Upper and lower case, `_`, `-`, `.` and spaces make no difference. */
export function kindOfKey(key: string): KeyKind {
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const kind = classify(key);
  // Keys may be made up by callers: keep no more than a service has of its own.
  if (remembered.size < REMEMBERED && key.length <= LONGEST_REMEMBERED) remembered.set(key, kind);
  return kind;
}

function classify(key: string): KeyKind {
  const plain = key
    .slice(-LONGEST_REMEMBERED)
    .toLowerCase()
    .replace(/[^a-z\d]/g, '');
  const fixed = FIXED.get(plain);
  if (fixed !== undefined) return fixed;
  if (SECRET_ENDINGS.test(plain)) return 'secret';
  if (WORDS_ENDINGS.test(plain)) return 'words';
  return MEASURE.test(plain) ? 'measure' : 'other';
}
