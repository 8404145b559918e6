// Package cli is the command line of the gateway, one file per subcommand.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"aiusage/gateway"
	"aiusage/usage"
)

// The exit statuses of Run.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // as shells report a program that SIGINT ended
)

// commandLine is every flag and subcommand, and so the whole configuration.
type commandLine struct {
	Serve      serveCommand      `cmd:"" help:"Run the gateway."`
	Migrate    migrateCommand    `cmd:"" help:"Create or upgrade the database schema."`
	Import     importCommand     `cmd:"" help:"Load sessions, or names of accounts and customers, from files."`
	Report     reportCommand     `cmd:"" help:"Print a usage report."`
	Config     configCommand     `cmd:"" help:"Look at the configuration."`
	Doctor     doctorCommand     `cmd:"" help:"Look for what is wrong with the configuration and the database, and say what mends it."`
	Health     healthCommand     `cmd:"" help:"Ask a running gateway whether it is ready."`
	Schema     schemaCommand     `cmd:"" help:"Print the GraphQL schema."`
	Rollup     rollupCommand     `cmd:"" help:"Look after the sums that reports are read from."`
	Retention  retentionCommand  `cmd:"" help:"Drop old sessions and keep their sums."`
	User       userCommand       `cmd:"" help:"Manage who may sign in."`
	Key        keyCommand        `cmd:"" help:"Manage API keys, which programs sign in with."`
	Legacy     legacyCommand     `cmd:"" help:"Prepare to replace the old host."`
	Database   databaseCommand   `cmd:"" help:"Run only the embedded database, back it up, restore and check it."`
	Completion completionCommand `cmd:"" help:"Print what makes a shell complete commands, flags and their values."`
	Version    versionCommand    `cmd:"" help:"Print the version, as --version does."`
	Help       helpCommand       `cmd:"" help:"Show what a command does and its flags, as --help does."`

	File     configFile `name:"config" env:"AIUSAGE_CONFIG" placeholder:"FILE" help:"A YAML file with flags, by their names without dashes in front (listen: 0.0.0.0:8080): all that have a variable. Flags and the environment win over it."`
	DSN      string     `name:"dsn" env:"MYSQL_DSN" secret:"" placeholder:"DSN" help:"The database, as user:password@tcp(host:3306)/database?tls=true (a go-sql-driver/mysql DSN). Prefer the environment, or a file that MYSQL_DSN_FILE names: other users of a machine can see flags. ${without_dsn}"`
	Data     string     `env:"AIUSAGE_DATA" default:"aiusage-data" type:"path" placeholder:"FOLDER" help:"The folder of the embedded database, used when there is no DSN (default: aiusage-data)."`
	LogLevel string     `env:"AIUSAGE_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"The least severe log records to write: debug, info, warn or error (default: info)."`
	LogForm  string     `name:"log-format" env:"AIUSAGE_LOG_FORMAT" default:"text" enum:"text,json" help:"How log records are written to standard error: text or json (default: text)."`
}

// helpCommand is in the list of commands; Run makes --help of it.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command, such as 'user add'."`
}

// description is the first paragraph of the help text.
const description = "The AI usage gateway answers who used how many AI minutes, when: by GraphQL, by the legacy XML operation and here. Every flag with a variable after it can be set in the environment instead, or in the file of --config; a variable that is empty sets nothing."

// process is what a command has of its surroundings.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger
	flags          *commandLine
	embedded       *EmbeddedDatabase
}

// Run runs the command line and returns the exit status. SIGINT and SIGTERM, like the
// end of ctx, shut it down gracefully; a second signal ends it at once. embedded may be
// nil, for a build without an embedded database.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, embedded *EmbeddedDatabase) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	out := &output{Writer: stdout}
	status := runWith(ctx, args, stdin, out, stderr, embedded)
	if status == exitOK && out.err != nil {
		fmt.Fprintf(stderr, "aiusage: %v\n", out.err)
		return exitFailure
	}
	return status
}

// runWith is Run, where an error of stdout may go unnoticed.
func runWith(ctx context.Context, args []string, stdin io.Reader, stdout *output, stderr io.Writer, embedded *EmbeddedDatabase) int {
	var flags commandLine
	status := -1
	parser, err := newParser(&flags, stdout, stderr, embedded != nil, &status)
	if err != nil {
		panic(err) // the struct above is wrong
	}
	if err := unsetEmpty(parser.Model.Node); err != nil {
		panic(err) // the names of variables are wrong
	}
	if completed(parser) {
		return exitOK
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "--version" {
		args = []string{"version"}
	}
	if args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parse(parser, args)
	if status >= 0 || stdout.err != nil {
		return max(status, exitOK) // the help was asked for; that it cannot be printed is said by Run
	}
	if err != nil {
		for _, one := range allOf(err) {
			fmt.Fprintf(stderr, "aiusage: %v\n", one)
		}
		fmt.Fprintln(stderr, "Try 'aiusage --help'.")
		return exitUsage
	}
	p := &process{stdin, stdout, stderr, newLog(stderr, flags.LogLevel, flags.LogForm), &flags, embedded}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return p.status(ctx, stoppable(func() error { return parsed.Run(p) }))
}

// newParser describes the command line to kong. exited is set when kong would
// end the process.
func newParser(flags *commandLine, stdout, stderr io.Writer, embedded bool, exited *int) (*kong.Kong, error) {
	without := "Without it, the embedded database."
	if !embedded {
		without = "Required: this build has no embedded database."
	}
	return kong.New(flags,
		kong.Name("aiusage"), kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Vars{"without_dsn": without},
		kong.Resolvers(secretFiles{}), kong.Bind(configuration{}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(status int) {
			*exited = status
			panic(printed{})
		}),
	)
}

// printed unwinds from kong after it has printed what was asked for.
type printed struct{}

// parse parses args, stopping where kong would end the process.
func parse(parser *kong.Kong, args []string) (parsed *kong.Context, err error) {
	err = stoppable(func() (err error) {
		if parsed, err = parser.Parse(args); err != nil {
			return err
		}
		if err := refuseRepeated(parsed); err != nil {
			return err
		}
		return allWrong(parsed)
	})
	return parsed, err
}

// refuseRepeated refuses a flag of one value that is given several times, of which all but the last
// would be lost.
func refuseRepeated(parsed *kong.Context) error {
	seen := map[*kong.Flag]bool{}
	for _, path := range parsed.Path {
		flag := path.Flag
		if flag == nil || flag.IsCumulative() {
			continue
		}
		if seen[flag] {
			return fmt.Errorf("--%s is given more than once, but takes one value", flag.Name)
		}
		seen[flag] = true
	}
	return nil
}

// stoppable runs what may print something and end the process with that, by kong. It returns
// without an error there.
func stoppable(run func() error) error {
	defer func() {
		if fault := recover(); fault != nil {
			if _, ok := fault.(printed); !ok {
				panic(fault)
			}
		}
	}()
	return run()
}

// newLog returns a log whose records carry the id of the request they belong to.
func newLog(w io.Writer, level, form string) *slog.Logger {
	var minLevel slog.Level
	if err := minLevel.UnmarshalText([]byte(level)); err != nil {
		panic(err) // kong checks the flag
	}
	options := &slog.HandlerOptions{Level: minLevel}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if form == "json" {
		handler = slog.NewJSONHandler(w, options)
	}
	return slog.New(gateway.LogHandler(handler))
}

// status prints what went wrong, if anything, and returns the exit status.
func (p *process) status(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && isCanceled(err) {
		fmt.Fprintln(p.stderr, "aiusage: interrupted")
		return exitInterrupted
	}
	for _, one := range allOf(err) {
		words, cause := told(one)
		fmt.Fprintf(p.stderr, "aiusage: %s\n", words)
		if cause != nil {
			fmt.Fprintf(p.stderr, "  %v\n", cause)
		}
	}
	return exitFailure
}

// told is an error as it is told on the command line, where the person who asks is the one
// who can act, and what caused it where they have to know that.
func told(err error) (words string, cause error) {
	coded := usage.AsError(err)
	switch {
	case coded.Code == usage.Internal:
		return err.Error(), nil
	case coded.Code == usage.Unavailable:
		cause = coded.Cause
	}
	return fmt.Sprint(coded.In(flagNames)), cause
}

func isCanceled(err error) bool {
	coded, ok := errors.AsType[*usage.Error](err)
	return errors.Is(err, context.Canceled) || ok && coded.Code == usage.Canceled
}
