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

finish
