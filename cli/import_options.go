package cli

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"aiusage/importer"
	"aiusage/importer/presets"
	"aiusage/usage"
)

// sessionOptions are what the flags say about files of sessions, and where they say
// nothing, the preset.
func (c importCommand) sessionOptions() (importer.Options, error) {
	if c.Preset == "" {
		return c.options()
	}
	preset, err := presets.Find(c.Preset)
	if err != nil {
		return importer.Options{}, usage.Errorf(usage.InvalidArgument, "--preset: %v", err)
	}
	if len(c.Files) == 0 {
		return importer.Options{}, usage.Errorf(usage.InvalidArgument, "--preset is about files of sessions, and there are none")
	}
	if c.Map, c.Set, err = preset.Columns(c.Map, c.Set); err != nil {
		return importer.Options{}, usage.Errorf(usage.InvalidArgument, "--preset: %v", err)
	}
	c.Format, c.Rows, c.Encoding = cmp.Or(c.Format, preset.Format), cmp.Or(c.Rows, preset.Rows), cmp.Or(c.Encoding, preset.Encoding)
	c.TimeZone, c.StartedFormat = cmp.Or(c.TimeZone, preset.TimeZone), cmp.Or(c.StartedFormat, preset.StartedFormat)
	return c.options()
}

// rowsAtTop stands for the rows at the top of a document, where a preset has a path.
const rowsAtTop = "."

// options are what the flags say.
func (c importCommand) options() (options importer.Options, err error) {
	options = importer.Options{
		Rows: c.Rows, Columns: c.Map, Constants: c.Set, Strict: c.Strict,
		NoMoves: c.NoMoves || c.Strict && !c.Moves, Duplicates: c.openDuplicates(),
	}
	if c.Rows == rowsAtTop {
		options.Rows = ""
	}
	if options.Zone, err = usage.LoadZone(usage.ArgTimeZone, cmp.Or(c.TimeZone, "UTC")); err != nil {
		return options, err
	}
	if options.Format, err = importer.ParseFormat(cmp.Or(c.Format, importer.Auto.String())); err != nil {
		return options, err
	}
	if c.StartedFormat != "" {
		if options.StartedFormat, err = importer.ParseStartFormat(c.StartedFormat); err != nil {
			return options, usage.Errorf(usage.InvalidArgument, "--started-format: %v", err)
		}
	}
	if c.Encoding != "" {
		if options.Encoding, err = importer.ParseEncoding(c.Encoding); err != nil {
			return options, usage.Errorf(usage.InvalidArgument, "--encoding: %v", err)
		}
	}
	return options, nil
}

// listPresets prints what presets there are, for people.
func listPresets(w io.Writer) error {
	for _, name := range presets.Names() {
		preset, err := presets.Find(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %s\n", preset.Name, preset.Title)
		fmt.Fprintf(w, "  %s (seen %s)\n", preset.Source, preset.Seen)
		fmt.Fprintln(w, indented(preset.About))
		for _, column := range slices.Sorted(maps.Keys(preset.Needs)) {
			fmt.Fprintln(w, indented("Needs "+column+": "+preset.Needs[column]))
		}
	}
	return nil
}

// indented breaks a text into lines for a terminal.
func indented(line string) string {
	const width = 98
	return "  " + strings.ReplaceAll(text.WrapSoft(line, width), "\n", "\n  ")
}
