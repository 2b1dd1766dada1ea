/** Scripts that complete our commands in a shell, made of the commands themselves. */
import type { Command } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

interface Word {
  readonly word: string;
  readonly says: string;
}

interface Words {
  readonly command: Word;
  readonly options: readonly (Word & { readonly values: readonly string[] })[];
  /** Values of the first argument, where they are known; commands below it. */
  readonly values: readonly string[];
}

/** A script for the shell, to be sourced. */
export function scriptFor(shell: Shell, program: Command): string {
  const commands = program.commands.map(wordsOf);
  return SCRIPTS[shell](commands);
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Words[]) => string>> = {
  bash,
  zsh,
  fish,
};

function wordsOf(command: Command): Words {
  const all = [command, ...command.commands].flatMap((one) => one.options);
  const options = all.filter(
    ({ hidden, long }, at) => !hidden && all.findIndex((one) => one.long === long) === at,
  );
  return {
    command: { word: command.name(), says: command.description() },
    options: options.map(({ long, description, argChoices = [] }) => {
      return { word: long ?? "", says: description, values: argChoices };
    }),
    values: [
      ...(command.registeredArguments[0]?.argChoices ?? []),
      ...command.commands.map((one) => one.name()),
    ],
  };
}

/** The first word is a command; then come its options and the values of its argument, and after an option its values. */
function bash(commands: readonly Words[]): string {
  return `_nexus() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ command }) => command.word).join(" ")}"
  else
    case "\${COMP_WORDS[1]} $previous" in
${valueCases(commands)}
    *) case "\${COMP_WORDS[1]}" in
${wordCases(commands)}
      esac ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _nexus nexus`;
}

function valueCases(commands: readonly Words[]): string {
  const cases = commands.flatMap(({ command, options }) =>
    options
      .filter(({ values }) => values.length > 0)
      .map(({ word, values }) => `    "${command.word} ${word}") words="${values.join(" ")}" ;;`),
  );
  return cases.join("\n");
}

function wordCases(commands: readonly Words[]): string {
  return commands
    .map(({ command, options, values }) => {
      const words = [...values, ...options.map(({ word }) => word), "--help"];
      return `      ${command.word}) words="${words.join(" ")}" ;;`;
    })
    .join("\n");
}

function zsh(commands: readonly Words[]): string {
  const described = (words: readonly Word[]): string =>
    words.map(({ word, says }) => quoted(`${word.replaceAll(":", "\\:")}:${says}`)).join(" ");
  const cases = commands.map(({ command, options, values }) => {
    const own = values.map((word) => ({ word, says: "" }));
    return `    ${command.word}) words=(${described([...own, ...options])}) ;;`;
  });
  return `#compdef nexus
_nexus() {
  local -a words
  if (( CURRENT == 2 )); then
    words=(${described(commands.map(({ command }) => command))})
  else
    case "\${words[2]}" in
${cases.join("\n")}
    esac
  fi
  _describe nexus words
}
compdef _nexus nexus`;
}

function fish(commands: readonly Words[]): string {
  const lines = commands.flatMap(({ command, options, values }) => [
    `complete -c nexus -f -n __fish_use_subcommand -a ${command.word} -d ${quoted(command.says)}`,
    ...(values.length === 0 ? [] : [`${within(command)} -a ${quoted(values.join(" "))}`]),
    ...options.map(({ word, says, values }) => {
      const taken = values.length === 0 ? "" : ` -x -a ${quoted(values.join(" "))}`;
      return `${within(command)} -l ${word.slice(2)}${taken} -d ${quoted(says)}`;
    }),
  ]);
  return lines.join("\n");
}

function within({ word }: Word): string {
  return `complete -c nexus -f -n "__fish_seen_subcommand_from ${word}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
