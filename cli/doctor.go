package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/db"
	"aiusage/db/inspect"
	"aiusage/usage"
)

// doctorCommand takes what serve takes, so that it looks at what serve would work with.
type doctorCommand struct {
	Format string `default:"text" enum:"text,json" help:"How it is printed: text for people, or json for programs (default: text)."`
	serveCommand
}

// Help is the end of the command's help text.
func (doctorCommand) Help() string {
	return "It takes the flags and the environment of serve, changes nothing, and ends with status 1 where there is a problem."
}

const (
	// lookTimeout bounds how long one thing may take to be looked at.
	lookTimeout = 15 * time.Second
	// renewalDue is how long before its end a certificate should have been renewed.
	renewalDue = 21 * 24 * time.Hour
	// lowDisk is how much of a disk should be free.
	lowDisk = 1 << 30
)

// Run looks at everything that the gateway needs, and says what is wrong with it and what
// mends that.
func (c doctorCommand) Run(ctx context.Context, p *process) error {
	findings := append(c.examineConfiguration(ctx, p), c.examineDatabase(ctx, p)...)
	findings = append(findings, c.examineReaders(ctx)...)
	if err := ctx.Err(); err != nil {
		return err
	}
	problems := 0
	for _, found := range findings {
		if found.Severity == inspect.Problem {
			problems++
		}
	}
	if err := printFindings(p.stdout, c.Format, findings); err != nil {
		return err
	}
	if problems > 0 {
		return usage.Errorf(usage.Unavailable, "problems found: %d", problems)
	}
	return nil
}

// failed is the finding that something could not be looked at, or is none that works.
func failed(about string, err error, remedy string) inspect.Finding {
	words, cause := told(err)
	if cause != nil {
		words += ": " + cause.Error()
	}
	return inspect.Finding{About: about, Severity: inspect.Problem, Says: words, Remedy: remedy}
}

// printFindings prints findings for people or for programs.
func printFindings(w io.Writer, format string, findings []inspect.Finding) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(struct {
			Findings []inspect.Finding `json:"findings"`
		}{findings})
	}
	for _, found := range findings {
		if _, err := fmt.Fprintf(w, "%-8s %s: %s\n", found.Severity, found.About, found.Says); err != nil {
			return err
		}
		if found.Remedy == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-8s -> %s\n", "", found.Remedy); err != nil {
			return err
		}
	}
	return nil
}

// examineConfiguration looks at all that serve is told, and at whom tokens are from.
func (c doctorCommand) examineConfiguration(ctx context.Context, p *process) (findings []inspect.Finding) {
	settings, certificate, err := c.configuration(p.log)
	var wrong mistakes
	wrong.note(err)
	for _, one := range wrong {
		findings = append(findings, failed("configuration", one, ""))
	}
	if len(findings) == 0 {
		findings = append(findings, inspect.Finding{About: "configuration", Severity: inspect.Fine, Says: "serve would take its flags and environment as they are"})
	}
	if checkAddress("--listen", c.Listen) == nil { // otherwise that is among what is wrong
		findings = append(findings, c.examineAddress())
	}
	if certificate != nil {
		findings = append(findings, examineCertificate(c.TLSCert, c.TLSKey, time.Now()))
	}
	if settings.Auth.Tokens != nil {
		findings = append(findings, c.examineProvider(ctx, settings.Auth.Tokens))
	}
	return findings
}

// examineAddress tells whether the address is free. Where the gateway runs already, it is not.
func (c doctorCommand) examineAddress() inspect.Finding {
	found := inspect.Finding{About: "address", Severity: inspect.Fine, Says: c.Listen + " is free"}
	listener, err := net.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		found.Severity, found.Says = inspect.Note, c.Listen+" is in use"
		found.Remedy = "that is as it should be where the gateway runs already; otherwise choose another with --listen"
		return found
	}
	if err != nil {
		return failed(found.About, err, "choose another with --listen")
	}
	if err := listener.Close(); err != nil {
		return failed(found.About, err, "")
	}
	return found
}

// examineCertificate looks at a certificate with its key, and at how long it holds.
func examineCertificate(certFile, keyFile string, now time.Time) inspect.Finding {
	const about, remedy = "certificate", "put a renewed one in its place: it is read again when the files change"
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return failed(about, err, "--tls-cert and --tls-key name a certificate and its key in PEM format")
	}
	leaf := pair.Leaf
	found := inspect.Finding{About: about, Severity: inspect.Fine,
		Says: fmt.Sprintf("the certificate is for %s, from %s to %s", strings.Join(namesOn(leaf.DNSNames, leaf.IPAddresses), ", "),
			leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339))}
	switch {
	case now.After(leaf.NotAfter):
		found.Severity, found.Remedy = inspect.Problem, remedy
		found.Says += ", which is over"
	case now.Before(leaf.NotBefore):
		found.Severity, found.Remedy = inspect.Problem, "wait until then, or set this machine's clock"
		found.Says += ", which has not begun"
	case leaf.NotAfter.Sub(now) < renewalDue:
		found.Severity, found.Remedy = inspect.Warning, remedy
		found.Says += fmt.Sprintf(", which is over in %d days", int(leaf.NotAfter.Sub(now)/(24*time.Hour)))
	}
	return found
}

func namesOn(hosts []string, addresses []net.IP) []string {
	for _, address := range addresses {
		hosts = append(hosts, address.String())
	}
	if len(hosts) == 0 {
		return []string{"no host"}
	}
	return hosts
}

// examineProvider asks the identity provider for its keys.
func (c doctorCommand) examineProvider(ctx context.Context, tokens interface {
	FetchKeys(context.Context) (int, error)
}) inspect.Finding {
	const about = "identity provider"
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	count, err := tokens.FetchKeys(ctx)
	switch {
	case err != nil:
		return failed(about, fmt.Errorf("its keys cannot be had: %w", err), "tokens are refused until it can be reached from this machine")
	case count == 0:
		return inspect.Finding{About: about, Severity: inspect.Fine, Says: "tokens are signed with the shared secret alone"}
	}
	return inspect.Finding{About: about, Severity: inspect.Fine, Says: fmt.Sprintf("%s has %d keys that can be used", c.JWTIssuer, count)}
}

// examineDatabase looks at the database and at what the gateway has in it.
func (c doctorCommand) examineDatabase(ctx context.Context, p *process) []inspect.Finding {
	const about = "database"
	var findings []inspect.Finding
	if p.flags.DSN == "" && p.embedded != nil {
		folder, there := examineFolder(p.flags.Data, p.embedded.Has)
		findings = append(findings, folder...)
		if !there {
			return findings
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	store, err := p.connect(ctx, db.Options{ReadTimeout: lookTimeout, MaxConnections: max(c.Connections, db.MinConnections)})
	if err == nil {
		defer store.close()
		err = store.Ping(ctx)
	}
	if err != nil {
		return append(findings, failed(about, err, ""))
	}
	found, err := store.Inspect(ctx, isRemote(p.flags.DSN))
	findings = append(findings, found...)
	if err != nil {
		return append(findings, failed(about, err, ""))
	}
	return append(findings, c.examineTables(ctx, store)...)
}

// isRemote tells whether a DSN names another machine.
func isRemote(dsn string) bool {
	config, err := mysql.ParseDSN(dsn)
	if dsn == "" || err != nil || config.Net == "unix" {
		return false
	}
	return slices.ContainsFunc(db.Addresses(config), func(at string) bool {
		host, _, err := net.SplitHostPort(at)
		if err != nil {
			host = at
		}
		address := net.ParseIP(host)
		return host != "localhost" && (address == nil || !address.IsLoopback())
	})
}

// examineTables looks at the schema, and at what reports are read from.
func (c doctorCommand) examineTables(ctx context.Context, store *database) []inspect.Finding {
	if err := store.CheckSchema(ctx); err != nil {
		return []inspect.Finding{failed("schema", err, "")}
	}
	findings := []inspect.Finding{{About: "schema", Severity: inspect.Fine, Says: "the tables are those of this version"}}
	status, err := store.RollupStatus(ctx)
	if err != nil {
		return append(findings, failed("rollups", err, ""))
	}
	findings = append(findings, examineRollups(status, store.own || store.shared, c.TimeZone)...)
	age, err := store.Freshness(ctx)
	if err != nil {
		return append(findings, failed("age", err, ""))
	}
	store.MaxStaleness = c.MaxStaleness
	return append(findings, examineAge(age, store.TooOld(age))...)
}

// examineReaders looks at the servers for reading, if there are any. Without them, there are answers all the same.
func (c doctorCommand) examineReaders(ctx context.Context) []inspect.Finding {
	const about = "readers"
	if c.ReaderDSN == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	options := c.poolOptions(nil)
	options.Reading = true
	store, err := db.Open(c.ReaderDSN, options)
	if err != nil {
		return []inspect.Finding{failed(about, err, "")}
	}
	defer store.Close()
	store.MaxStaleness = c.MaxStaleness
	age, err := store.Freshness(ctx)
	if err == nil {
		err = store.CheckSchema(ctx)
	}
	if err != nil {
		found := failed(about, err, "answers come from the server of --dsn until they can be used")
		found.Severity = inspect.Warning
		return []inspect.Finding{found}
	}
	findings := []inspect.Finding{{About: about, Severity: inspect.Fine, Says: "usage and names can be read there"}}
	for _, found := range examineAge(age, store.TooOld(age)) {
		found.About = about
		if found.Severity == inspect.Problem {
			found.Severity, found.Remedy = inspect.Warning, "answers come from the server of --dsn until they are not"
		}
		findings = append(findings, found)
	}
	return findings
}

// longBehind is how far a replica may be behind before something is wrong.
const longBehind = time.Minute

// examineAge tells how far the server is behind its primary, where it follows one, and whether
// answers would be refused for that.
func examineAge(age db.Freshness, tooOld error) []inspect.Finding {
	if !age.Follows {
		return nil
	}
	found := inspect.Finding{About: "age", Severity: inspect.Fine, Says: "the server is behind its primary " + aboutAge(age)}
	behind, known := age.Behind()
	switch {
	case !known:
		found.Severity = inspect.Note
		found.Says = "how far the server is behind its primary is not known"
		found.Remedy = "run a gateway of this version on the primary, which writes what time it is there; where the gateway's tables are this server's own, nothing tells"
	case behind > longBehind:
		found.Severity = inspect.Warning
		found.Remedy = "see whether replication runs here, and whether a gateway runs on the primary, which writes what time it is there"
	}
	if tooOld != nil {
		found.Severity = inspect.Problem
		found.Says = fmt.Sprintf("answers are refused: %s", tooOld)
	}
	return []inspect.Finding{found}
}

// examineFolder looks at the folder of the embedded database: who else may look into it, and
// how much room its disk has. there tells whether there is a database in it that may be looked at.
func examineFolder(folder string, has func(string) bool) (findings []inspect.Finding, there bool) {
	const about = "data folder"
	unsafe := CheckPrivate("the data folder", folder)
	if unsafe != nil && !wouldClose(folder) {
		return []inspect.Finding{failed(about, unsafe, "")}, false
	}
	if !has(folder) {
		return []inspect.Finding{{About: about, Severity: inspect.Note,
			Says: "there is no database in " + folder + " yet", Remedy: "serve and import make one; or name another folder with --data, or a server with --dsn"}}, false
	}
	found := inspect.Finding{About: about, Severity: inspect.Fine, Says: folder + " is this user's alone"}
	if free, known := freeOn(folder); known {
		found.Says += fmt.Sprintf(", with %.1f GiB free on its disk", float64(free)/(1<<30))
		if free < lowDisk {
			found.Severity = inspect.Warning
			found.Remedy = "make room: on a full disk nothing can be stored, and nobody can sign in"
		}
	}
	return []inspect.Finding{found}, true
}

// wouldClose tells whether serve closes a folder to others by itself.
func wouldClose(folder string) bool {
	info, err := os.Stat(folder)
	if err != nil {
		return false
	}
	closable, err := isClosable(folder, info)
	return err == nil && closable
}
