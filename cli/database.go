package cli

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
)

type databaseCommand struct{}

// Run runs the embedded database alone. The first line of standard output is
// its DSN, with the password, for a program to read; what follows is for people.
func (databaseCommand) Run(ctx context.Context, p *process) error {
	if p.embedded == nil {
		return errNoDatabase
	}
	running, err := p.embedded(ctx, p.flags.Data)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, running.DSN)
	fmt.Fprintln(p.stdout, "The embedded database is running. Press Ctrl-C to stop.")
	if command := clientCommand(running.DSN); command != "" {
		fmt.Fprintf(p.stdout, "Look into it with any MySQL client, such as:\n\n  %s\n", command)
	}
	<-ctx.Done()
	return running.Stop()
}

// clientCommand is how the usual client program opens the database of a DSN, with the
// password where other users of the machine cannot see it.
func clientCommand(dsn string) string {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return ""
	}
	where := "--socket=" + shellQuote(config.Addr)
	if config.Net != "unix" {
		host, port, err := net.SplitHostPort(config.Addr)
		if err != nil {
			return ""
		}
		where = "--host=" + host + " --port=" + port
	}
	return fmt.Sprintf("MYSQL_PWD=%s mysql %s --user=%s %s", shellQuote(config.Passwd), where, config.User, config.DBName)
}

// shellQuote makes one word of a text, for a shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
