package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aiusage/auth"
	"aiusage/gateway"
	"aiusage/sample"
	"aiusage/usage"
)

// firstAdministrator is the user an embedded database begins with.
const firstAdministrator = "admin"

// signInFile keeps the generated password of the first administrator beside the
// data, readable by its owner only, so that it can be shown at every start.
const signInFile = "admin-password"

// createFirstAdministrator makes the user of a database that has none.
func (p *process) createFirstAdministrator(ctx context.Context, store *database) error {
	password := auth.GeneratePassword()
	// The file comes first: a user whose password nobody knows would be worse
	// than a file without its user.
	file := filepath.Join(p.flags.Data, signInFile)
	if err := writeSecret(file, password+"\n"); err != nil {
		return err
	}
	hash, err := auth.HashPassword(password)
	if err != nil {
		return err
	}
	err = store.AddUser(ctx, auth.User{
		Name: firstAdministrator, PasswordHash: hash, Roles: []string{auth.SystemAdministrator},
	})
	auth.Audit(ctx, p.log, "user-add", auth.Operator.Name, "command line", err, slog.String("user", firstAdministrator))
	return err
}

// sampleSeed makes the sample data alike everywhere.
const sampleSeed = 1

// loadSample fills a database without sessions with sample data.
func (p *process) loadSample(ctx context.Context, store *database) error {
	found, err := store.HasSessions(ctx)
	if err != nil || found {
		return err
	}
	config := sample.Config{Seed: sampleSeed, Now: time.Now()}
	if _, err := store.WriteAccounts(ctx, sample.Accounts(config)); err != nil {
		return err
	}
	if _, err := store.WriteCustomers(ctx, sample.Customers(config)); err != nil {
		return err
	}
	var all []usage.Session
	for session := range sample.Sessions(config) {
		all = append(all, session)
	}
	// One transaction: an interrupted start must not leave half the sample,
	// which the next start would take for data.
	written, err := store.WriteSessions(ctx, all)
	p.log.Info("loaded sample data", "sessions", written.Inserted)
	return err
}

// welcome tells where the gateway answers and what to try first.
func (p *process) welcome(ctx context.Context, store *database, base string) {
	name, password := p.signIn(ctx, store)
	day := time.Now().UTC().AddDate(0, 0, -30).Format(time.DateOnly)
	fmt.Fprintf(p.stdout, `
The AI usage gateway is running. Press Ctrl-C to stop.

  Usage      %[1]s/
  GraphiQL   %[1]s%[2]s
  GraphQL    %[1]s%[3]s
  Legacy     %[1]s%[4]s
`, base, gateway.GraphiQLPath, gateway.GraphQLPath, gateway.LegacyPath)
	if password == "" {
		fmt.Fprintf(p.stdout, "  Sign in    as a user made with 'aiusage user add'\n")
		name, password = "NAME", "PASSWORD"
	} else {
		fmt.Fprintf(p.stdout, "  Sign in    %s  %s\n", name, password)
	}
	fmt.Fprintf(p.stdout, `
Try each:

  # GraphQL: the last 30 days, by account
  curl -u %[1]s:%[2]s %[3]s%[4]s -H 'Content-Type: application/json' \
    -d '{"query":"{ aiUsage(startDate: \"%[6]s\") { totals { aiMinutes sessions } accountUsage { accountId aiMinutes } } }"}'

  # Legacy: the same in XML
  curl -u %[1]s:%[2]s %[3]s%[5]s -H 'Content-Type: application/xml' -H 'Accept: application/xml' \
    -d '<GetAIUsage xmlns="http://schemas.datacontract.org/2004/07/Voice.Api.AI"><StartDate>%[6]s</StartDate></GetAIUsage>'

  # GraphiQL: the page
  curl -u %[1]s:%[2]s %[3]s%[7]s

`, name, password, base, gateway.GraphQLPath, gateway.LegacyPath, day, gateway.GraphiQLPath)
}

// signIn returns the first administrator's name and password while they are
// still those that were generated.
func (p *process) signIn(ctx context.Context, store *database) (name, password string) {
	if !store.own {
		return "", ""
	}
	content, err := os.ReadFile(filepath.Join(p.flags.Data, signInFile))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			p.log.Warn("the generated password cannot be read", "error", err)
		}
		return "", ""
	}
	password = strings.TrimSpace(string(content))
	if matched, err := auth.CheckPassword(ctx, store, firstAdministrator, password); err != nil || !matched {
		return "", ""
	}
	return firstAdministrator, password
}

// reachable returns an address that a browser on this machine can open.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
