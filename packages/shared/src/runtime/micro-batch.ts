interface Asked<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Answers single questions in groups. While one group is under way, later questions gather, and go together in the next group.
 * Nobody waits for a timer, and there is one statement at a time, however many ask. `answer` returns as many answers as questions.
 * `largest`: questions of one group, at most.
 */
export function microBatch<Q, A>(
  largest: number,
  answer: (questions: readonly Q[]) => Promise<readonly A[]>,
): (question: Q) => Promise<A> {
  const waiting: Asked<Q, A>[] = [];
  let busy = false;

  async function work(): Promise<void> {
    busy = true;
    while (waiting.length > 0) await answerGroup(waiting.splice(0, largest), answer);
    busy = false;
  }

  return (question) =>
    new Promise<A>((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (!busy) void work();
    });
}

async function answerGroup<Q, A>(
  group: readonly Asked<Q, A>[],
  answer: (questions: readonly Q[]) => Promise<readonly A[]>,
): Promise<void> {
  try {
    const answers = await answer(group.map(({ question }) => question));
    for (const [index, { resolve, reject }] of group.entries()) {
      const given = answers[index];
      if (given === undefined) reject(new Error("a question of a group was not answered"));
      else resolve(given);
    }
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}
