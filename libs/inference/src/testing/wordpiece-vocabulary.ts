/** Special tokens of BERT, in the order of their ids. */
export const BERT_SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;

/** Frequent words of clinical English, so that sentences come to lengths like those of a real vocabulary. */
const WORDS = `
a about abdomen abdominal able abnormal about above abscess absence absent active acute admission
admitted after age aged ago all allergies also an and anemia ankle anterior antibiotics any appears
appetite are arm arrhythmia artery arthritis as aspirin asthma at atrial back be because been before
being below better bilateral biopsy bladder bleeding blood bone both bowel brain breast breath breathing
bronchitis but by calcium can cancer cannot cardiac carcinoma care catheter change changes chest chills
cholesterol chronic clear clinical colon complains complaint complaints concern condition consistent
continue continued coronary cough could ct daily day days deep degree denied denies depression diabetes
diagnosed diagnosis did diet discharge discharged disease distress dizziness do does dose drug due dyspnea
each ear edema effusion eight elevated emergency episode episodes evaluation evidence exam examination
extremities eye eyes failure family fatigue female fever fibrillation findings first five fluid follow
for four fracture from further gallbladder gastric general given glucose good had has have he head
headache headaches heart heartburn hematuria hemorrhage her hernia hers high him hip his history home
hospital hours how however hypertension hypotension if in increased infarction infection inferior
insulin intact into is ischemia it its joint kidney knee large last left leg lesion lesions lethargy
likely liver loss low lower lung lungs male mass may medical medication medications mellitus meningitis
mg mild minimal moderate month months more morning mother motion mri much murmur muscle nausea neck
negative neuropathy new night nine no noted nothing now numbness obesity obstruction obvious of old on
once one only onset or oral other out over oxygen pain palpitations pancreatitis patient patients pelvic
per physical pleural pneumonia pneumothorax positive possible possibly posterior present presented
pressure previous prior probable procedure prostate pulmonary questionable radiation rash rate recent
reflux regular renal reported reports respiratory result results revealed right rule ruled saw says
seen sepsis seven severe she shortness shoulder showed shows sinus six skin sleep small smoking soft
some spine stable status stenosis stomach stool stroke such suggest suggested suggestive suggests surgery
surgical suspected suspicion suspicious swelling symptoms syncope systolic taking temperature ten tender
tenderness test than that the their then there these they this three throat thrombosis thyroid time
times tissue to today tract trauma treated treatment tumor twice two ulcer ultrasound unable under
unlikely until upper urinary urine usual valve vascular vein ventricular very vision vomiting was water
weakness week weeks weight well were wheezing when which while white who will with within without worse
would wound x year years yesterday yet
`
  .trim()
  .split(/\s+/);

const ENDINGS = ['s', 'ed', 'ing', 'ly', 'er', 'ion', 'al', 'ic', 'itis', 'osis', 'emia', 'ectomy'];

/** Every printable ASCII character but the space. */
const CHARACTERS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));

/**
 * About 700 pieces from which every ASCII text can be made: frequent words,
 * endings, and each character at the start and inside of a word. `cased` adds
 * the words with a capital.
 */
export function defaultVocabulary(cased = false): string[] {
  const capitals = cased ? WORDS.map((word) => word.charAt(0).toUpperCase() + word.slice(1)) : [];
  const pieces = [
    ...BERT_SPECIAL_TOKENS,
    ...CHARACTERS,
    ...CHARACTERS.map((character) => `##${character}`),
    ...WORDS,
    ...capitals,
    ...ENDINGS.map((ending) => `##${ending}`),
  ];
  return [...new Set(pieces)];
}
