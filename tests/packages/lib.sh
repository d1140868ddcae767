# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# For the tests of packages: TAP, and a directory $tmp.

# shellcheck source=tests/tap.sh
. tests/tap.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp" "$tap_logs"' EXIT

# The end of what a failed command said.
show_case()
{
	[ "$1" ] || tail -n 60 "$2" | sed 's/^/# | /'
}

# make_key NAME: $key, in a keyring that only this test uses. gpg-agent ends when the directory is removed.
make_key()
{
	GNUPGHOME=$tmp/gnupg
	export GNUPGHOME
	[ -d "$GNUPGHOME" ] || mkdir -m 0700 "$GNUPGHOME"
	gpg --batch --quiet --passphrase '' --quick-generate-key "$1 <$1@example.org>" rsa2048 sign never &&
		key=$(gpg --batch --with-colons --list-secret-keys "=$1 <$1@example.org>" |
			sed -n 's/^fpr:*\(.*\):/\1/p' | head -n 1) && [ "$key" ]
}
