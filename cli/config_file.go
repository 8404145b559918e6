package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"aiusage/gateway"
	"aiusage/handwritten"
)

// configFile is the name of a YAML file whose keys are flags: those that have a variable, of
// whichever command. Flags and the environment win over it.
type configFile string

// BeforeResolve reads the file, so that it says what flags are that nobody has given. What is wrong
// with single keys is left to allWrong, so that the rest of the configuration is looked at, too.
func (f configFile) BeforeResolve(parser *kong.Kong, given *kong.Context, path *kong.Path) error {
	name := string(given.FlagValue(path.Flag).(configFile))
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("--config cannot be read: %w", err)
	}
	entries, err := handwritten.Read(name, text)
	if err != nil {
		return err
	}
	configured := configuration{values: map[string]placed{}}
	known := configurable(parser.Model.Node)
	for _, entry := range entries {
		flag := known[entry.Key]
		if flag == nil {
			configured.wrong.note(entry.Unknown("key", sortedNames(known)))
			continue
		}
		value, err := configuredValue(flag, entry)
		if err != nil {
			configured.wrong.note(err)
			continue
		}
		configured.values[entry.Key] = placed{value, entry.Place()}
	}
	given.AddResolver(configured)
	given.Bind(configured)
	return nil
}

// allWrong returns nil where nothing is wrong with the file. Otherwise it has that and, of a command
// that takes what serve takes, what is wrong with the configuration apart from it.
func allWrong(parsed *kong.Context) error {
	var wrong mistakes
	if _, err := parsed.Call(func(read configuration) { wrong = read.wrong }); err != nil {
		return err
	}
	if command, ok := parsed.Selected().Target.Interface().(interface {
		configuration(*slog.Logger) (gateway.Config, *gateway.CertificateFiles, error)
	}); ok && len(wrong) > 0 {
		_, _, err := command.configuration(slog.New(slog.DiscardHandler))
		wrong.note(err)
	}
	return wrong.asError()
}

// configurable returns the flags of all commands that can stand in a file, by name.
func configurable(node *kong.Node) map[string]*kong.Flag {
	flags := map[string]*kong.Flag{}
	for _, flag := range node.Flags {
		if len(flag.Envs) > 0 && flag.Name != "config" {
			flags[flag.Name] = flag
		}
	}
	for _, child := range node.Children {
		for name, flag := range configurable(child) {
			flags[name] = flag
		}
	}
	return flags
}

func sortedNames(flags map[string]*kong.Flag) (names []string) {
	for name := range flags {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// configuredValue is an entry as its flag takes it; what it does not take is an error with the
// place in the file.
func configuredValue(flag *kong.Flag, entry handwritten.Entry) (string, error) {
	texts, err := entry.Texts()
	if err != nil {
		return "", err
	}
	if entry.IsList() && !flag.IsSlice() {
		return "", entry.Errorf("%s takes one value, not a list", entry.Key)
	}
	text := kong.JoinEscaped(texts, flag.Tag.Sep)
	if !entry.IsList() {
		text = texts[0] // as on the command line, where a separator separates
	}
	if text == "" && !flag.IsSlice() {
		return "", entry.Errorf("%s has no value; leave the key out for the default", entry.Key)
	}
	if flag.Enum != "" && !slices.Contains(flag.EnumSlice(), text) {
		return "", entry.Errorf("%s is one of %s, not %q", entry.Key, strings.Join(flag.EnumSlice(), ", "), text)
	}
	scan := kong.Scan().PushTyped(text, kong.FlagValueToken)
	if err := flag.Parse(scan, reflect.New(flag.Target.Type()).Elem()); err != nil {
		return "", entry.Errorf("%s: %v", entry.Key, errors.Unwrap(err))
	}
	return text, nil
}

// configuration is what a file says, by the names of flags, and what is wrong with it.
type configuration struct {
	values map[string]placed
	wrong  mistakes
}

// placed is a value and where it is from.
type placed struct{ value, place string }

// Validate leaves it to allWrong.
func (configuration) Validate(*kong.Application) error { return nil }

// Resolve returns the value of a flag that is not in the environment.
func (c configuration) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	configured, ok := c.values[flag.Name]
	if !ok || len(flag.Envs) == 0 || environmentOf(flag) != "" {
		return nil, nil
	}
	return configured.value, nil
}

// environmentOf is the variable that a flag is set by, or that names the file with its value; or
// nothing.
func environmentOf(flag *kong.Flag) string {
	for _, variable := range flag.Envs {
		if _, set := os.LookupEnv(variable); set {
			return variable
		}
	}
	variable, _ := secretFileOf(flag)
	return variable
}
