package cli

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
)

type databaseCommand struct {
	Run     databaseRunCommand     `cmd:"" default:"withargs" help:"Run only the embedded database, to look into it with any MySQL client (the default)."`
	Backup  databaseBackupCommand  `cmd:"" help:"Write a copy of the embedded database to a file, also while the gateway runs."`
	Restore databaseRestoreCommand `cmd:"" help:"Make the embedded database of an empty data folder out of such a file."`
	Check   databaseCheckCommand   `cmd:"" help:"Read all that is in the embedded database; the exit status is 1 if something is wrong with it."`
}

type databaseRunCommand struct{}

// Run runs the embedded database alone. The first line of standard output is
// its DSN, with the password, for a program to read; what follows is for people.
func (databaseRunCommand) Run(ctx context.Context, p *process) error {
	if p.embedded == nil {
		return errNoDatabase
	}
	running, err := p.embedded.Start(ctx, p.flags.Data)
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
