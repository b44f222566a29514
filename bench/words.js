// What people say, made up: texts of about a hundred bytes of words that are as common and as rare as those of a
// language are (Zipf's law), the same ones at every run. For whoever fills a log that is to be searched.

const vocabulary = 50_000;
/** Texts that are taken in turn, because making one costs more than sending it. */
const poolSize = 2 ** 16;
const consonants = "bdfghklmnprstvwz";
const vowels = "aeiou";

/** The word of a rank; 0 is the most common. Common ones are short. */
export function wordOf(rank) {
  const syllables = consonants.length * vowels.length;
  let word = "";
  for (let left = rank; ; left = Math.floor(left / syllables) - 1) {
    word += consonants[left % consonants.length];
    word += vowels[Math.floor(left / consonants.length) % vowels.length];
    if (left < syllables) return word;
  }
}

/** Returns a function that gives a text each time it is called; of the letters a to z and blanks. */
export function openTexts({ seed = 1, bytes = 100 } = {}) {
  const random = randomFrom(seed);
  const sums = new Float64Array(vocabulary);
  let sum = 0;
  for (let rank = 0; rank < vocabulary; rank++) sums[rank] = sum += 1 / (rank + 2.7);
  const pool = Array.from({ length: poolSize }, () => textOf(() => rankAt(sums, random() * sum), bytes));
  let next = 0;
  return () => pool[next++ % poolSize];
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function textOf(nextRank, bytes) {
  let text = wordOf(nextRank());
  while (text.length < bytes - 2) text += ` ${wordOf(nextRank())}`;
  return text;
}

function rankAt(sums, at) {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
