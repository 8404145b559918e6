#!/bin/sh
# After installing: makes room for the DSN, which only root and the service can read. The service is
# started by whoever has written it; one that runs goes on with the new program.
set -e
if [ "$1" = configure ]; then
	[ -e /etc/aiusage/dsn ] || install -m 0600 /dev/null /etc/aiusage/dsn
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
		[ -z "$2" ] || systemctl try-restart aiusage.service
	fi
	[ -n "$2" ] || cat <<-'END'
		aiusage is installed, and not started yet. Write the DSN of the database into /etc/aiusage/dsn
		(user:password@tcp(host:3306)/database), and then:

		  MYSQL_DSN_FILE=/etc/aiusage/dsn aiusage migrate
		  MYSQL_DSN_FILE=/etc/aiusage/dsn aiusage user add NAME --role SystemAdministrator
		  MYSQL_DSN_FILE=/etc/aiusage/dsn aiusage doctor --config /etc/aiusage/aiusage.yml
		  systemctl enable --now aiusage
	END
fi
