package cli

import (
	"context"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-sql-driver/mysql"
	"github.com/goccy/go-yaml"

	"aiusage/db"
)

type configCommand struct {
	Print configPrintCommand `cmd:"" help:"Print the configuration that serve would run with, and where each value is from."`
}

// configPrintCommand takes what serve takes.
type configPrintCommand struct {
	serveCommand
}

// Help is the end of the command's help text.
func (configPrintCommand) Help() string {
	return "It takes the flags, the environment and the file of serve, and prints a file for --config. Secrets are hidden. What serve would refuse is said, and ends it with status 1."
}

// Run prints the configuration, and then what is wrong with it.
func (c configPrintCommand) Run(_ context.Context, p *process, given *kong.Context, configured configuration) error {
	var values yaml.MapSlice
	comments := yaml.CommentMap{}
	for _, flag := range given.Flags() {
		if len(flag.Envs) == 0 || flag.Name == "config" {
			continue
		}
		if value := reflect.ValueOf(given.FlagValue(flag)); (value.Kind() == reflect.String || value.Kind() == reflect.Slice) && value.Len() == 0 {
			continue // nothing is set, and nothing is what a file cannot set
		}
		values = append(values, yaml.MapItem{Key: flag.Name, Value: shown(flag, given.FlagValue(flag))})
		comments["$."+flag.Name] = []*yaml.Comment{yaml.LineComment(" " + sourceOf(given, flag, configured))}
	}
	if err := yaml.NewEncoder(p.stdout, yaml.WithComment(comments), yaml.Flow(false)).Encode(values); err != nil {
		return err
	}
	_, _, err := c.configuration(p.log)
	return err
}

// sourceOf tells where the value of a flag is from.
func sourceOf(given *kong.Context, flag *kong.Flag, configured configuration) string {
	isGiven := slices.ContainsFunc(given.Path, func(path *kong.Path) bool { return path.Flag == flag && !path.Resolved })
	variable := environmentOf(flag)
	place, isConfigured := configured.values[flag.Name]
	switch {
	case isGiven:
		return "--" + flag.Name
	case variable != "":
		return variable
	case isConfigured:
		return place.place
	}
	return "default"
}

// shown is a value as a file has it, without what is secret.
func shown(flag *kong.Flag, value any) any {
	switch value := value.(type) {
	case time.Duration:
		return value.String()
	case string:
		if flag.Tag.Has(secretTag) {
			return hidden(value)
		}
		if address, err := url.Parse(value); err == nil && address.User != nil {
			return address.Redacted()
		}
	}
	return value
}

// hiddenSecret stands for what is not printed.
const hiddenSecret = "(hidden)"

// hidden is a secret as it may be printed: a DSN without its password.
func hidden(secret string) string {
	if secret == "" {
		return ""
	}
	dsn, err := mysql.ParseDSN(secret)
	if err != nil || dsn.User == "" {
		return hiddenSecret
	}
	if dsn.Passwd != "" {
		dsn.Passwd = hiddenSecret
	}
	dsn.Addr = strings.Join(db.Addresses(dsn), ",")
	return dsn.FormatDSN()
}
