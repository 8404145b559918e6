#!/bin/sh
# Before removing: ends the service. An upgrade leaves it running until the new program is there.
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	systemctl disable --now aiusage.service
fi
