#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a person does who is on call, after an alert: the commands that the screens name, and no others.
# Each answer has to be on one screen of 80 columns and 24 lines, and all screens have to agree. The
# miners are restarted when they are killed. Run by
# `scripts/vm run --init 'exec /lib/systemd/systemd --unit=basic.target'`.

# systemd clears /tmp when it starts. "degraded" is because of the host's own units.
until systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do
	sleep 0.2
done
. "$RW_TOP/tests/vm/lib.sh"
screen=/tmp/screen
alive=$(within 1200)

session=0

on_tmux()
{
	LC_ALL=C.UTF-8 TMUX_TMPDIR=/tmp tmux -L "walk$session" "$@"
}

# on_terminal COLUMNS COMMAND...: runs it on a terminal with 24 lines. Each has a server of its own, as one that
# ends may linger.
on_terminal()
{
	on_tmux kill-server 2>/dev/null
	session=$((session + 1))
	columns=$1
	shift
	on_tmux -f /dev/null new-session -d -x "$columns" -y 24 "$@"
}

# see COMMAND: runs it on a terminal of 80 columns and 24 lines, and keeps what is on the screen then.
see()
{
	printf 'unset COLUMNS LINES\n%s\necho "[status $?]"\ncat\n' "$1" >/tmp/command
	on_terminal 80 'sh /tmp/command' || return 1
	await 60 has_ended || { on_tmux capture-pane -p; return 1; }
	on_tmux capture-pane -p >$screen
	grep . $screen
}

has_ended()
{
	on_tmux capture-pane -p | grep '^\[status '
}

# on_one: nothing left the screen at its top.
on_one()
{
	[ "$(on_tmux display-message -p '#{history_size}')" = 0 ] || fail "it has more than 24 lines"
}

# fits: nor is any line longer than the screen is wide.
fits()
{
	on_one || return 1
	on_tmux capture-pane -pJ | sed 's/ *$//' >/tmp/joined
	sed 's/ *$//' $screen | cmp - /tmp/joined || fail "a line has more than 80 columns"
}

# shows PATTERN...: each is on the screen
shows()
{
	for pattern; do
		tr -s ' \n' ' ' <$screen | grep -qE -e "$pattern" || fail "not on the screen: $pattern" ||
			return 1
	done
}

# steps NAME: the commands that the screen names for this purpose
steps()
{
	sed -n '/^WHAT TO DO NEXT/,/^\[status/p' $screen | sed '1d; /^\[status/d; /^ *$/d' |
		awk -v name="$1" '
			{ word = substr($0, 3, 7); gsub(/ /, "", word) }
			word != "" { of = word }
			of == name { text = substr($0, 11); sub(/  # .*/, "", text); print text }'
}

# take NAME: the same, as a person types them. What they print is kept in /tmp/NAME.
take()
{
	steps "$1" >/tmp/commands
	[ -s /tmp/commands ] || fail "the screen does not say how to $1" || return 1
	cat /tmp/commands
	sh /tmp/commands >"/tmp/$1" 2>&1
	cat "/tmp/$1"
}

# told NAME VALUE WANTED
told()
{
	[ "$2" = "$3" ] || fail "$1 says '$2', not '$3'"
}

# agree VERDICT NOTE: list, top, status, check, metrics and explain say this of $pid; NOTE is a pattern.
agree()
{
	present=0
	[ "$1" != randomx ] || present=1
	raw=$(printf '%s\n' "$2" | sed 's/ /\\\\x20/g')
	row=$(roundwatch list --raw --noheadings -o PID,VERDICT,NOTE | sed -n "s/^$pid //p")
	printf '%s\n' "$row" | grep -xE "$1 $raw" || fail "list says '$row', not '$1 $raw'" || return 1
	told status "$(roundwatch status | sed -n 's/^Processes: *\([0-9]*\) randomx, .*/\1/p')" $present &&
		told metrics "$(roundwatch metrics |
			sed -n 's/^roundwatch_processes{verdict="randomx"} //p')" $present &&
		told check "$(roundwatch check | sed -n 's/.*| randomx=\([0-9]*\);.*/\1/p')" $present &&
		told explain "$(roundwatch explain "$pid" | sed -n '1s/ .*//p')" "$1" || return 1
	roundwatch check >/tmp/check
	told "check's status" $? $((2 * present)) || return 1
	on_terminal 160 roundwatch top || return 1
	await 20 top_says "$1" "$2" || { on_tmux capture-pane -p; return 1; }
}

# The columns are PID, USER, THR and VERDICT; NOTE is one of the last.
top_says()
{
	on_tmux capture-pane -p >/tmp/top
	grep -E "^ *$pid .* $1 .*${2#-}" /tmp/top
}

#
# The miners
#

# As `podman generate systemd --new` writes it.
start_container()
{
	mount -t tmpfs tmpfs /var/lib/containers && copy_program "$bin/miner" /tmp/root web &&
		tar -C /tmp/root -c . | podman import - localhost/web:1 || return 1
	cat >/etc/systemd/system/web.service <<-END
		[Service]
		Type=notify
		NotifyAccess=all
		Environment=PODMAN_SYSTEMD_UNIT=%n
		Restart=always
		TimeoutStartSec=$(within 60)
		TimeoutStopSec=70
		ExecStartPre=/bin/rm -f %t/%n.id
		ExecStart=/usr/bin/podman run --cidfile=%t/%n.id --cgroups=no-conmon --rm --sdnotify=conmon \
			--replace -d --name web --network none localhost/web:1 /web --rest 1 --seconds $alive
		ExecStop=/usr/bin/podman stop --ignore -t 10 --cidfile=%t/%n.id
		ExecStopPost=/usr/bin/podman rm -f --ignore -t 10 --cidfile=%t/%n.id
		[Install]
		WantedBy=multi-user.target
	END
	systemctl daemon-reload && systemctl enable web.service && systemctl start web.service &&
		find_container
}

find_container()
{
	pid=$(podman inspect -f '{{.State.Pid}}' web) && [ "$pid" != 0 ]
}

start_unit()
{
	cat >/etc/systemd/system/job.service <<-END
		[Service]
		ExecStart=$bin/miner --rest 1 --seconds $alive
		Restart=always
		[Install]
		WantedBy=multi-user.target
	END
	systemctl daemon-reload && systemctl enable --now job.service && find_unit
}

find_unit()
{
	pid=$(systemctl show -P MainPID job.service) && [ "$pid" != 0 ]
}

# A unit without a file.
start_transient()
{
	systemd-run -p Restart=always "$bin/miner" --rest 1 --seconds "$alive" >/tmp/run 2>&1 || return 1
	unit=$(sed -n 's/^Running as unit: \([^;]*\).*/\1/p' /tmp/run)
	find_transient
}

find_transient()
{
	pid=$(systemctl show -P MainPID "$unit") && [ "$pid" != 0 ]
}

# In no unit or container of its own.
start_process()
{
	setsid -f "$bin/miner" --rest 1 --seconds "$alive" >/tmp/process 2>&1
	await 20 pgrep -x miner && pid=$(pgrep -x miner)
}

# again WHAT: kills it, to see that killing it is not enough.
again()
{
	old=$pid
	kill -KILL "$pid"
	await 60 is_another "$1"
}

is_another()
{
	"find_$1" && [ "$pid" != "$old" ]
}

#
# The walk
#

sees_nothing()
{
	see 'roundwatch check' && on_one && shows '^ROUNDWATCH OK'
}

# alert WHERE: the kernel log, the journal and check name the same next command.
alerts()
{
	await 120 has_row VERDICT=randomx PID="$pid" TID=- || return 1
	await 20 says_kernel && await 60 says_monitor || return 1
	roundwatch check >/tmp/check
	grep -F "; see roundwatch explain $pid |" /tmp/check || fail "check: $(cat /tmp/check)" || return 1
	next=$(says_kernel | tail -n 1 | sed 's/.*; see //')
	told "the kernel log" "$next" "roundwatch explain $pid" && agree randomx -
}

says_kernel()
{
	dmesg | grep -F "roundwatch: randomx: " | grep "; see roundwatch explain $pid\$"
}

says_monitor()
{
	journalctl -o cat -p crit -u pager |
		grep -E "\[$pid\] (became|is) randomx[, ].*; see roundwatch explain $pid(;.*)?\$"
}

# explains WHO...: the screen that the alert names answers everything that is asked.
explains()
{
	see "$next" && fits && shows "^randomx [a-z]+ \[$pid\] " "$@" \
		' since [-0-9]{10} [:0-9]{8}, for [0-9]+[smh]; ' ' sure high: ' ' maps [0-9]+ MiB, enough for RandomX' \
		'[ ,]memory' ' unless it is a Monero node' 'WHAT TO DO NEXT as root' || return 1
	for purpose in keep freeze stop 'gone?'; do
		[ "$(steps "$purpose")" ] || fail "the screen does not say what to do: $purpose" || return 1
	done
}

# The recording and the executable explain the process where nothing else is known of it.
keeps()
{
	take keep || return 1
	tar -C /root -xzf "/root/$pid.tar.gz" && cd "/root/roundwatch-$pid" || return 1
	cmp exe "$bin/miner" && grep -F '"complete":true,' manifest.json && [ -s proc/maps ] || return 1
	grep -q '^PATH$' environment || fail "environment: $(cat environment)" || return 1
	sum=$(sha256sum <"$bin/miner" | cut -d ' ' -f 1)
	cat >/tmp/elsewhere <<-'END'
		mount -t tmpfs none /proc && mount -t tmpfs none /sys && exec roundwatch explain --input "$1" "$2"
	END
	see "unshare -m sh /tmp/elsewhere /root/roundwatch-$pid/recording.roundwatch $pid" && fits &&
		shows "^randomx [a-z]+ \[$pid\] " "$@" " sha256 $sum" ' sure high: ' \
			' maps [0-9]+ MiB, enough' '[ ,]memory' 'on the host of the recording' || return 1
	told "check of the recording" "$(roundwatch check --input recording.roundwatch |
		sed -n 's/.*| randomx=\([0-9]*\);.*/\1/p')" 1
}

ticks()
{
	awk '{ print $14 + $15 }' "/proc/$pid/stat"
}

# It stays as it is, while the module makes observations of others.
stands_still()
{
	before=$(ticks)
	roundwatch check >/tmp/check
	roundwatch check >/tmp/check
	[ "$(ticks)" = "$before" ] || fail "it used CPU time"
}

has_fallen()
{
	has_row VERDICT=rounding PID="$pid" TID=-
}

# since: when its present verdict began
since()
{
	roundwatch "$pid" --raw --noheadings -o SINCE
}

# freezes HOW: frozen or stopped. The verdict falls, and the screens still say what to do. What freezes it
# can be undone.
freezes()
{
	see "$next" && take freeze && stands_still || return 1
	now=$(date +%Y-%m-%dT%H:%M:%S)
	await 60 has_fallen || return 1
	[ "$(printf '%s\n' "$now" "$(since)" | sort | head -n 1)" = "$now" ] ||
		fail "rounding since $(since), and it was frozen before $now" || return 1
	word="NOW $(echo "$1" | tr '[:lower:]' '[:upper:]')"
	agree rounding "was randomx, $1" && see "$next" && fits && shows "$word" 'was randomx' || return 1
	take freeze && await 60 has_row VERDICT=randomx PID="$pid" TID=- && agree randomx - || return 1
	see "$next" && take freeze && stands_still && see "$next" && fits && shows "$word"
}

# stops UNIT NAME: from the screen of the frozen process. No other of this name comes.
stops()
{
	old=$pid
	take stop && await 60 gone "$old" && await 60 is_settled "$1" || return 1
	pgrep -x "$2" && fail "it is back" && return 1
	take 'gone?' || return 1
	agree ended 'was randomx, ended .*' || return 1
	see "roundwatch $old" && fits && shows 'was randomx, ended' || return 1
	see 'roundwatch check' && on_one && shows '^ROUNDWATCH OK'
}

# Neither running nor about to be.
is_settled()
{
	case $(systemctl is-active "$1") in
	inactive | failed) ;;
	*) return 1 ;;
	esac
}

# put_away UNIT: what the walk has left, if it failed. The next one begins without it.
put_away()
{
	systemctl disable --now --no-block "$1"
	podman rm -f -t 0 web
	wait_for 60 is_settled "$1"
} >/dev/null 2>&1

# remembers WHAT...: after all of it, who mined and where, and that it is over
remembers()
{
	see 'roundwatch history --since today' && fits && shows "$@" || return 1
	roundwatch history --raw --noheadings -o PID,END >/tmp/history
	grep -E "^$pid ended\$" /tmp/history || fail "history: $(cat /tmp/history)" || return 1
	grep -E ' (running|unknown)$' /tmp/history && fail "it says that one goes on" && return 1
	[ "$(grep -cE ' (ended|fell)$' /tmp/history)" -ge 4 ]
}

cp "$RW_BUILD/roundwatch" /usr/local/sbin
# shellcheck disable=SC2119 # no parameters
load
systemd-run --unit=pager /usr/local/sbin/roundwatch monitor 2>/dev/null

test_case "before: nothing" sees_nothing
test_case "a container that a unit starts again" start_container
test_case "container: it is back when it is killed" again container
test_case "container: the alerts name one command, and all screens agree" alerts
who=' who user root, container [0-9a-f]{12} \(podman\) named web from image localhost/web:1, started by conmon'
test_case "container: one screen answers all" explains "$who" ' runs /web --rest 1 --seconds'
test_case "container: what is kept explains itself elsewhere" keeps "$who" ' runs /web --rest 1 --seconds'
test_case "container: it is frozen, and all screens say so" freezes frozen
test_case "container: it is stopped for good" stops web.service web
put_away web.service

test_case "a unit with Restart=always" start_unit
test_case "unit: it is back when it is killed" again unit
test_case "unit: the alerts name one command, and all screens agree" alerts
test_case "unit: one screen answers all" explains ' who user root, unit job.service, started by systemd'
test_case "unit: what is kept explains itself elsewhere" keeps ' who user root, unit job.service,'
test_case "unit: it is frozen, and all screens say so" freezes frozen
test_case "unit: it is stopped for good" stops job.service miner
put_away job.service

test_case "a transient unit" start_transient
test_case "transient unit: the alerts name one command" alerts
test_case "transient unit: one screen answers all" explains "unit run-"
test_case "transient unit: it is frozen, and all screens say so" freezes frozen
test_case "transient unit: it is stopped for good" stops "${unit-}" miner
put_away "${unit-}"

test_case "a process" start_process
test_case "process: the alerts name one command" alerts
test_case "process: one screen answers all" explains 'started by systemd'
test_case "process: what is kept explains itself elsewhere" keeps 'who user root'
test_case "process: it is stopped by a signal, and all screens say so" freezes stopped
test_case "process: it is killed" stops none.service miner
test_case "history: who mined, where and when" remembers 'randomx +[0-9]+ web +root +podman [0-9a-f]{12} ' \
	'randomx +[0-9]+ miner +root +job.service [A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2} +[0-9]+[sm] ended'
finish
