#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-docs.sh BUILD_DIR: what --help, the manual page and the completion tell of the same. Prints
# TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"
manual=$source/man/roundwatch.8
completion=$source/completion/roundwatch

# section COMMAND: of the manual page
section() { sed -n "/^\.Ss $1\$/,/^\.S[sh] /p" "$manual" | sed '$d'; }

# completes WORD...: what is offered after these words
completes()
{
	bash -c '
		. "$0"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_roundwatch roundwatch "${*: -1}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"
	' "$completion" roundwatch "$@" 2>/dev/null
}

# Every subcommand stands in the list of all
run --help
expect "help" 0
same "help: fits" "$(fits 80 24)" yes
commands=$(sed -n '/^Subcommands:/,/^$/s/^ \([a-z]*\) .*/\1/p' out)
same "there are some" "$(echo "$commands" | grep -c '^list$')" 1

if ! command -v bash >/dev/null; then
	skip "completion" "bash is not installed"
	bash=
else
	bash=yes
	same "completion: subcommands" "$(completes '' | sort)" "$(echo "$commands" | sort)"
fi

for cmd in $commands; do
	[ "$cmd" != help ] || continue
	run "$cmd" --help
	expect "$cmd" 0
	same "$cmd: --help fits" "$(fits 80 24)" yes
	options=$(sed -n 's/^ *\(-., \)\{0,1\}--\([a-z-]*\).*/--\2/p' out)
	section "$cmd" >told
	for option in $options; do
		name=${option#--}
		# Those of all subcommands are told once.
		case $option in
		--input | --device | --sysroot | --help | --version)
			grep -q "Fl Fl $name\b" "$manual"
			;;
		*)
			grep -q "^\.It.* Fl $name\b" told
			;;
		esac
		result $? "$cmd: $option is in the manual"
	done
	[ "$bash" ] || continue
	same "$cmd: completion" "$(completes "$cmd" -- | sort)" "$(echo "$options" | sort)"
done

finish
