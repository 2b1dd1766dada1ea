/** A made-up corpus for search: practices of very different sizes, and texts of clinical words. The same on every machine. */

/** Practices of the real source. */
const PRACTICES = 844;

/**
 * How many vectors each practice has, largest first: sizes fall with the rank (Zipf), the last dozen have 1 to 12.
 * Of 150,000 the largest has about 20,000, the median one 50.
 */
export function practiceSizes(total: number): number[] {
  const small = Array.from({ length: 12 }, (_, n) => 12 - n);
  const ranks = Array.from({ length: PRACTICES - small.length }, (_, n) => 1 / (n + 1));
  const share = (total - 78) / ranks.reduce((sum, weight) => sum + weight, 0);
  const sizes = ranks.map((weight) => Math.max(1, Math.floor(weight * share)));
  const rest = total - 78 - sizes.reduce((sum, size) => sum + size, 0);
  return [(sizes[0] ?? 0) + rest, ...sizes.slice(1), ...small];
}

const ROOTS =
  "molar premolar canine incisor crown bridge veneer implant aligner retainer attachment occlusion overbite overjet crossbite spacing crowding midline rotation torque intrusion extrusion expansion palate mandible maxilla arch enamel dentin pulp root canal gingiva papilla frenum abutment margin contact contour shade glaze zirconia ceramic composite resin wax impression scan model die tray splint guard elastic hook button bracket wire ligature bonding polishing whitening extraction graft suture anaesthesia caries lesion fracture erosion abrasion recession mobility pain swelling bleeding sensitivity fever allergy asthma diabetes hypertension smoking pregnancy bruxism clenching snoring apnea speech chewing swallowing breathing".split(
    " ",
  );
const QUALITIES =
  "upper lower left right anterior posterior mild moderate severe acute chronic early late stable worn broken missing retained impacted ectopic bilateral unilateral deep open narrow wide short long new old".split(
    " ",
  );

/** Text number `n` of `kind`: 6 to 20 words, of which a few set the subject. No two numbers give the same text. */
export function textOf(kind: "content" | "query", n: number): string {
  const random = seeded(kind === "content" ? 2 * n : 2 * n + 1);
  const subject = Array.from({ length: 3 }, () => pick(ROOTS, random));
  const words = Array.from({ length: 6 + Math.floor(random() * 14) }, () => {
    const quality = pick(QUALITIES, random);
    const about = random() < 0.6 ? pick(subject, random) : pick(ROOTS, random);
    return `${quality} ${about}`;
  });
  return kind === "content" ? `${words.join(", ")} ${n.toString(36)}` : words.slice(0, 4).join(" ");
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)] ?? "";
}

/** mulberry32: uniform in [0, 1). */
function seeded(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
