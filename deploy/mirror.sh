#!/bin/sh
# Keeps a mirror of a remote repository on this machine, for `portcullis run DIR --repo MIRROR`.
#
#   mirror.sh https://git.example/sites.git /var/lib/portcullis-mirror/sites.git
#
# The first call clones, later ones fetch; git does both, with its own credentials, certificates and protocols. The proxy itself
# needs no way to the remote: it reads the mirror, and a commit with errors never runs. portcullis-mirror.timer calls this
# every ten seconds. Exit status 0 when the mirror is what the remote is; else git's reason stands on standard error.
set -eu
url=${1:?a URL is missing} mirror=${2:?a folder is missing}

if [ -d "$mirror/objects" ]; then
    git --git-dir="$mirror" remote set-url origin "$url"
    git --git-dir="$mirror" fetch --quiet --prune origin
else
    # Cloned beside and moved, so that nobody meets half a repository.
    rm -rf "$mirror.new"
    git clone --quiet --mirror -- "$url" "$mirror.new"
    mv "$mirror.new" "$mirror"
fi
