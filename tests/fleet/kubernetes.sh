#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The manifests for Kubernetes: kustomize builds them, and what comes out is right. On the host.

set -u
exec </dev/null
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/fleet/lib.sh
. tests/fleet/lib.sh
manifests=packaging/kubernetes

# A copy in node_modules' directory finds the packages.
cp tests/fleet/manifests.mjs "$modules" || exit 2

same_rules()
{
	cp -R packaging "$tmp/copy" && make -s -C "$tmp/copy" prometheusrule || return
	diff -r packaging "$tmp/copy" || fail 'run "make -C packaging prometheusrule"'
}

look()
{
	node "$modules/manifests.mjs" "$1" "$tmp/$2.yaml"
}

# builds OVERLAY DIRECTORY
builds()
{
	foreign kubectl kustomize "$2" >"$tmp/$1.yaml" && look schema "$1" && look references "$1"
}

# As little as is documented.
may_do()
{
	look privileges "$1" >"$tmp/privileges" || { cat "$tmp/privileges"; return 1; }
	shift
	printf '%s\n' "$@" | diff - "$tmp/privileges"
}

# An overlay of a user, who has a device plugin and other labels for Prometheus.
own_overlay()
{
	mkdir "$tmp/own" && cp -R $manifests "$tmp/manifests" &&
		cat >"$tmp/own/kustomization.yaml" <<-END
			apiVersion: kustomize.config.k8s.io/v1beta1
			kind: Kustomization
			resources: [../manifests/overlays/dkms]
			components: [../manifests/components/device-plugin]
			images: [{name: registry.example.org/roundwatch, newName: mirror.example.net/rw, newTag: "1"}]
		END
	builds own "$tmp/own" || return
	may_do own 'monitor: SYS_PTRACE DAC_READ_SEARCH' 'metrics: SYS_PTRACE DAC_READ_SEARCH' || return
	[ "$(grep -c 'image: mirror.example.net/rw:1' "$tmp/own.yaml")" = 2 ] || fail "the image is another" || return
	! grep -n 'path: /dev$' "$tmp/own.yaml"
}

# The reporter of this tree knows the options. --help is the last, and wins if all before it are right.
takes_args()
{
	look args "$1" >"$tmp/args" || return
	[ "$(wc -l <"$tmp/args")" = 2 ] || fail "not two containers" || return
	while read -r args; do
		# shellcheck disable=SC2086 # words
		"$build/roundwatch" $args --help || return 1
	done <"$tmp/args"
}

test_case 'the rules for Prometheus Operator are those for Prometheus' same_rules
test_case 'the module from DKMS on the host' builds dkms $manifests/overlays/dkms
test_case 'the module through Kernel Module Management' builds kmm $manifests/overlays/kmm
test_case 'the containers may do what is said, and write nothing' may_do dkms 'monitor: privileged' 'metrics: privileged'
test_case 'with a device plugin, they have two capabilities' own_overlay
test_case 'the reporter takes the arguments' takes_args dkms
finish
