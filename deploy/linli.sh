#!/bin/sh
# `linli …` as the service runs it: its user, its settings, its folder. For root, as /usr/local/bin/linli.
set -eu
set -a
. /etc/linli/secrets.env
set +a
export LINLI_CONFIG=/etc/linli/config.toml HOME=/var/lib/linli
cd /var/lib/linli
exec setpriv --reuid=linli --regid=linli --init-groups --no-new-privs \
	/opt/linli/.venv/bin/linli "$@"
