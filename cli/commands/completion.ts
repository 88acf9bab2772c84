/** `simcity completion`: the script with which a shell asks `simcity __complete` for words. */
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';

type Shell = 'bash' | 'zsh' | 'fish';

export async function completion(context: Context, shell: Shell): Promise<number> {
  await context.out(SCRIPTS[shell]);
  return EXIT.pass;
}

// Each asks by the very command that is being completed, so that `npx` and paths work as well. A last
// line of `:files` or `:directories` leaves the rest to the shell.
const SCRIPTS: Record<Shell, string> = {
  bash: `# bash completion for simcity; in ~/.bashrc: source <(simcity completion bash)
_simcity() {
  local cur=\${COMP_WORDS[COMP_CWORD]} IFS=$'\\n' line value
  local words=("\${COMP_WORDS[@]:1}") cword=$((COMP_CWORD - 1))
  COMPREPLY=()
  # bash takes '=' for a word of its own: --flag = value is put together again.
  local joined=() i at=-1
  for ((i = 0; i < \${#words[@]}; i++)); do
    if [[ \${words[i]} == = && \${#joined[@]} -gt 0 ]]; then
      joined[\${#joined[@]}-1]+="="
      if ((i == cword)); then at=$((\${#joined[@]} - 1)); fi
      if ((i + 1 < \${#words[@]})); then
        joined[\${#joined[@]}-1]+=\${words[i+1]}
        if ((i + 1 == cword)); then at=$((\${#joined[@]} - 1)); fi
        ((i++))
      fi
    else
      joined+=("\${words[i]}")
      if ((i == cword)); then at=$((\${#joined[@]} - 1)); fi
    fi
  done
  while read -r line; do
    value=\${line%%$'\\t'*}
    case $value in
      :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "\${cur#=}")) ;;
      :directories) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "\${cur#=}")) ;;
      *)
        # What stands before '=' is on the line already.
        if [[ \${joined[at]} == *=* && $COMP_WORDBREAKS == *=* ]]; then value=\${value#*=}; fi
        COMPREPLY+=("$value")
        ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "$at" -- "\${joined[@]}" 2>/dev/null)
  # A value that ends in '=' goes on.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _simcity simcity
`,
  zsh: `#compdef simcity
# zsh completion for simcity; in ~/.zshrc, after compinit: source <(simcity completion zsh)
_simcity() {
  local line value what
  local -a plain open
  while IFS= read -r line; do
    value=\${line%%$'\\t'*}
    what=\${line#*$'\\t'}
    case $value in
      :files) _files ;;
      :directories) _files -/ ;;
      *=) open+=("$value") ;;
      *) plain+=("\${value//:/\\\\:}:$what") ;;
    esac
  done < <("\${words[1]}" __complete $((CURRENT - 2)) -- "\${(@)words[2,-1]}" 2>/dev/null)
  (( \${#open} )) && compadd -S '' -- "\${open[@]}"
  (( \${#plain} )) && _describe -V simcity plain
}
if [ "$funcstack[1]" = _simcity ]; then _simcity "$@"; else compdef _simcity simcity; fi
`,
  fish: `# fish completion for simcity: simcity completion fish > ~/.config/fish/completions/simcity.fish
function __simcity_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l command $before[1]
    set -e before[1]
    for line in ($command __complete (count $before) -- $before "$current" 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path (string replace -r '^[^=]*=' '' -- "$current")
            case ':directories*'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c simcity -f -a '(__simcity_complete)'
`,
};
