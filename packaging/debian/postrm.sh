#!/bin/sh
# After purging: the DSN goes, too.
set -e
if [ "$1" = purge ]; then
	rm -f /etc/aiusage/dsn
	[ ! -d /etc/aiusage ] || rmdir --ignore-fail-on-non-empty /etc/aiusage
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
