# SPDX-License-Identifier: GPL-2.0
# fish completion for roundwatch(8): options, subcommands and columns are those of --help

function __roundwatch_complete
	set -l words (commandline -opc)
	set -l command list
	if set -q words[2]; and not string match -qr '^[-0-9]' -- $words[2]
		set command $words[2]
	end
	switch $words[-1]
		case --by
			printf '%s\n' process container pod unit user vm
		case --verdict
			printf '%s\n' randomx suspect rounding clear ended
		case --time
			printf '%s\n' age iso
			test $command != history; or echo date
		case --since --until
			printf '%s\n' today yesterday
		case --color
			printf '%s\n' auto always never
		case --format
			printf '%s\n' json text syslog
		case --action
			printf '%s\n' none stop kill
		case --suspect
			printf '%s\n' ok warning critical
		case -o --output --sort
			if test $command = collect
				__fish_complete_path (commandline -ct)
				return
			end
			test $command = history; or set command list
			roundwatch $command --help 2>/dev/null | sed '1,/^Columns/d' | string split -n ' '
		case -i --input --device --sysroot --directory --pools --allow --textfile --collect --exec
			__fish_complete_path (commandline -ct)
		case '*'
			if test (count $words) = 1; or test "$words[-1]" = help
				roundwatch --help 2>/dev/null | sed -n '/^Subcommands/,/^$/s/^ \([a-z]*\) .*/\1/p'
			end
			roundwatch $command --help 2>/dev/null | sed -n 's/^ *-/-/; s/  .*//; /^-/p' |
				grep -o -e '--[a-z-]*'
			if contains -- $command list explain collect
				roundwatch list --raw --noheadings -o PID 2>/dev/null
			else if test $command = record; and not string match -q -- "-*" (commandline -ct)
				__fish_complete_path (commandline -ct)
			end
	end
end

complete -c roundwatch -f -a '(__roundwatch_complete)'
