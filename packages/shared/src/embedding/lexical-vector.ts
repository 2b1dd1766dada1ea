/**
 * Lexical feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009): each word of a text,
 * and each three letters of a word, add to or take from one of the dimensions, chosen by their hash.
 * Texts that share words, or parts of words, are near each other. It knows no meaning: "tooth" and "molar" are strangers.
 */
import { normalize } from "./normalize.ts";
import { DIMENSIONS } from "./provider.ts";

const WORD_WEIGHT = 1;
/** Lets "crown" find "crowns": the eight parts of a word of eight letters weigh together as much as the word. */
const PART_WEIGHT = 0.35;

/** The normalised vector of `text`. The same text gives the same vector on every machine, and so do its words in lower case. */
export function lexicalVector(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const [feature, weight] of weighFeatures(text)) addFeature(vector, feature, weight);
  return normalize(vector) ?? vectorWithoutWords(text);
}

/** Features of the text with their weights, in the order in which they first appear. A repeated word counts, but less each time. */
function weighFeatures(text: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const [word, count] of countWords(text)) {
    const emphasis = 1 + Math.log2(count);
    add(weights, word, WORD_WEIGHT * emphasis);
    for (const part of partsOf(word)) add(weights, part, PART_WEIGHT * emphasis);
  }
  return weights;
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of text
    .normalize("NFKC")
    .toLowerCase()
    .matchAll(/[\p{L}\p{M}\p{N}]+/gu))
    add(counts, word, 1);
  return counts;
}

/** Each three letters of the word, its beginning and its end marked. */
function partsOf(word: string): string[] {
  const marked = `^${word}$`;
  return Array.from({ length: marked.length - 2 }, (_, at) => `#${marked.slice(at, at + 3)}`);
}

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function addFeature(vector: Float32Array, feature: string, weight: number): void {
  const hash = hashOf(feature);
  const at = hash % DIMENSIONS;
  vector[at] = (vector[at] ?? 0) + (hash >>> 31 === 0 ? weight : -weight);
}

/** A text of signs only, or one whose words cancel each other out. */
function vectorWithoutWords(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  addFeature(vector, text.trim(), WORD_WEIGHT);
  return vector;
}

/** FNV-1a over UTF-16 units, its bits mixed once more as in MurmurHash3: index and sign must not depend on each other. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
