#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# test-docs.sh BUILD_DIR: checks that --help, the manual page, the completion and the other documents
# agree. Prints TAP.

# shellcheck source=tests/unit/lib.sh
. "$(dirname "$0")/lib.sh"
manual=$source/man/roundwatch.8
completion=$source/completion/roundwatch
top=$source/..
documents="README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md $(cd "$top" && echo docs/*.md)"

# section COMMAND: of the manual page
section() { sed -n "/^\.Ss $1\$/,/^\.S[sh] /p" "$manual" | sed '$d'; }

# synopsis COMMAND: the options in its part of the synopsis, one a line
synopsis()
{
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$manual" | awk -v command="$1" '
		$1 == ".Nm" { found = 0 }
		$0 ~ "^\\.(Op )?Cm " command "$" { found = 1 }
		found && $1 == ".Op" && $2 == "Fl" {
			if ($3 == "Fl")
				print "--" $4
			else
				for (i = 1; i <= length($3); i++)
					print "-" substr($3, i, 1)
		}'
}

# shown: the commands that the documents and the manual show, in code
shown()
{
	(
		cd "$top" || exit
		for document in $documents; do
			awk '/^```/ { code = !code; next } code { print }' "$document"
			sed 's/`\([^`]*\)`/\n`\1\n/g' "$document" | sed -n 's/^`//p'
		done
		sed -n 's/^\.Dl [#$] //p' "$manual"
	) | sed 's/[|;>#].*//' | grep -E '^(sudo )?roundwatch( |$)' | sed 's/^sudo //'
}

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
	# Before the text, which two blanks set off; a line may have two options.
	options=$(sed -n 's/^ *-/-/; s/  .*//; /^-/p' out | grep -o -e '--[a-z-]*')
	section "$cmd" >told
	for option in $options; do
		name=${option#--}
		# Options of all subcommands are described once.
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
	synopsis "$cmd" >named
	bad=
	for option in $options; do
		short=$(sed -n "s/^.*\(-.\), $option\b.*/\1/p" out)
		case $option in --device | --sysroot | --help | --version) continue ;; esac
		grep -qxF -e "$option" -e "${short:-$option}" named || bad="$bad $option"
	done
	same "$cmd: all options are in the synopsis" "$bad" ""
	[ "$bash" ] || continue
	same "$cmd: completion" "$(completes "$cmd" -- | sort)" "$(echo "$options" | sort)"
done

# Other documents

for document in $documents; do
	bad=
	dir=$top/$(dirname "$document")
	grep -o '](\([^)]*\))' "$top/$document" | sed 's/^](//; s/)$//' >links
	while read -r link; do
		case $link in
		https:* | '#'*) ;;
		*) [ -e "$dir/${link%%#*}" ] || bad="$bad $link" ;;
		esac
	done <links
	same "$document: links" "$bad" ""
done

sed -n 's/.*- alert: //p' "$top/packaging/prometheus/roundwatch.rules.yml" >alerts
bad=
while read -r alert; do
	grep -qx "### $alert" "$top/docs/runbook.md" || bad="$bad $alert"
done <alerts
same "the runbook has a section for each alert" "$bad" ""
# An anchor is the heading in small letters. Each alert names its own, and a severity.
sed -n 's|.*runbook_url: "file:///usr/share/doc/roundwatch/docs/runbook.md#\(.*\)"$|\1|p' \
	"$top/packaging/prometheus/roundwatch.rules.yml" >anchors
same "each alert links to its section of the runbook" "$(cat anchors)" "$(tr '[:upper:]' '[:lower:]' <alerts)"
same "each alert has a severity" \
	"$(grep -cE '^ +severity: (critical|warning|info)$' "$top/packaging/prometheus/roundwatch.rules.yml")" \
	"$(wc -l <alerts)"

shown >lines
grep -q '^roundwatch explain ' lines
result $? "commands are shown"
mk head info tally pid=5 tgid=5 end >one
bad=
while read -r line; do
	# shellcheck disable=SC2086 # words
	set -- $line
	shift
	case ${1--} in
	-*) cmd=list ;;
	*[!a-z]*) continue ;;	# a PID, or PID for one
	*) cmd=$1 ;;
	esac
	run "$cmd" --help
	[ "$rc" = 0 ] || { bad="$bad $cmd"; continue; }
	for word; do
		case $word in
		--*) grep -q -e "^ .*${word%%=*}\b" out || bad="$bad $cmd:$word" ;;
		esac
	done
	# A list can be made: this checks its columns, too.
	case " $line " in
	' roundwatch list '*--input*) ;;
	' roundwatch list '*)
		run "$@" --input one
		[ "$rc" = 0 ] || bad="$bad '$line'"
		;;
	esac
done <lines
same "commands shown exist, with their options" "$bad" ""

finish
