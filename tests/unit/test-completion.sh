#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-completion.sh BUILD_DIR: completion in zsh and fish, which must be installed; bash's is
# tested by test-docs.sh. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"

completion=$source/completion
PATH=$build:$PATH
export PATH

# in_zsh WORD...: what is offered for the last of them, by the functions of a shell without a
# terminal: compadd and _files print
in_zsh()
{
	zsh -f -c '
		compadd() { shift; print -l -- ${(M)@:#${words[CURRENT]}*} }
		_files() { print -l -- ${words[CURRENT]}*(N) }
		file=$1
		shift
		words=("$@")
		CURRENT=$#
		source $file
	' zsh "$completion/_roundwatch" "$@" 2>&1 | sort | tr '\n' ' '
}

# in_zsh_terminal TEXT: what the line becomes if the tabulator is pressed after TEXT, in an interactive shell whose
# completion system has found the file.
in_zsh_terminal()
{
	timeout "$(within 20)" zsh -f -c '
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell "unset zle_bracketed_paste; fpath=($1 \$fpath)"
		zpty -w shell "show() { print -r -- \"<\$BUFFER>\"; BUFFER= }; zle -N show; bindkey ^X show"
		zpty -w shell "PS1= PS2= RPS1=; autoload -Uz compinit && compinit -u -D; print begin\"s\""
		zpty -r -m shell out "*begins*"
		zpty -n -w shell "$2"$'"'\t\x18'"'
		zpty -r -m shell out "*<*>*"
		print -r -- "$out"
	' zsh "$completion" "$1" 2>&1 | tr -d '\r' | sed -n 's/.*<\(.*\)>.*/\1/p' | tail -n 1
}

in_fish()
{
	HOME=$tmp fish --no-config -c "source $completion/roundwatch.fish; complete -C '$*'" 2>&1 |
		cut -f 1 | sort | tr '\n' ' '
}

run --help
commands=$(sed -n '/^Subcommands/,/^$/s/^ \([a-z]*\) .*/\1/p' out)
mk head info end >recording
for shell in zsh fish; do
	command -v $shell >/dev/null
	same "$shell is installed" "$?" 0
	offers=in_$shell
	same "$shell: a subcommand" "$($offers roundwatch mon)" "monitor "
	same "$shell: of help" "$($offers roundwatch help st)" "status "
	same "$shell: an option of list" "$($offers roundwatch --verd)" "--verdict "
	same "$shell: a verdict" "$($offers roundwatch list --verdict ran)" "randomx "
	same "$shell: a column" "$($offers roundwatch list -o CONT)" "CONTAINER CONTAINER_NAME "
	same "$shell: a column to sort by" "$($offers roundwatch list --sort EVI)" "EVIDENCE "
	same "$shell: a file" "$($offers roundwatch list --input rec)" "recording "
	for command in $commands; do
		[ "$command" != help ] || continue
		options=$("$build/roundwatch" "$command" --help |
			sed -n 's/^ *-/-/; s/  .*//; /^-/p' | grep -o -e '--[a-z-]*' | sort | tr '\n' ' ')
		same "$shell: $command" "$($offers roundwatch "$command" --)" "$options"
	done
done

same "zsh, interactive: a subcommand" "$(in_zsh_terminal 'roundwatch mon')" "roundwatch monitor "
same "zsh, interactive: an option" "$(in_zsh_terminal 'roundwatch list --verd')" "roundwatch list --verdict "
same "zsh, interactive: a verdict" "$(in_zsh_terminal 'roundwatch list --verdict ran')" \
	"roundwatch list --verdict randomx "
same "zsh, interactive: a file" "$(in_zsh_terminal 'roundwatch explain --input rec')" \
	"roundwatch explain --input recording "

finish
