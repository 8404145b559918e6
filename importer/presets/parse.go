package presets

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"aiusage/handwritten"
	"aiusage/importer"
)

// parse reads a preset. Errors begin with its name and say the line and column.
func parse(name string, text []byte) (*Preset, error) {
	entries, err := handwritten.Read(name, text)
	if err != nil {
		return nil, err
	}
	p := &Preset{Name: name, Map: map[string]string{}, Set: map[string]string{}, Needs: map[string]string{}}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s: a preset is one YAML document with the keys %s", name, strings.Join(keysOf(p), ", "))
	}
	for _, entry := range entries {
		if err := p.read(entry); err != nil {
			return nil, err
		}
	}
	if len(p.Map)+len(p.Set) == 0 {
		return nil, fmt.Errorf("%s: without map or set, a preset says nothing about the columns", name)
	}
	return p, nil
}

// fields are the keys of a preset that hold a text, and tables those that hold one
// for each column.
func (p *Preset) fields() map[string]*string {
	return map[string]*string{
		"title": &p.Title, "about": &p.About, "source": &p.Source, "seen": &p.Seen,
		"format": &p.Format, "rows": &p.Rows, "encoding": &p.Encoding,
		"time_zone": &p.TimeZone, "started_format": &p.StartedFormat,
	}
}

func (p *Preset) tables() map[string]map[string]string {
	return map[string]map[string]string{"map": p.Map, "set": p.Set, "needs": p.Needs}
}

func keysOf(p *Preset) []string {
	var keys []string
	for key := range p.fields() {
		keys = append(keys, key)
	}
	for key := range p.tables() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// read reads one key at the top.
func (p *Preset) read(entry handwritten.Entry) error {
	if field := p.fields()[entry.Key]; field != nil {
		text, err := entry.Text()
		if err != nil {
			return err
		}
		*field = text
		return p.check(entry, text)
	}
	table, known := p.tables()[entry.Key]
	if !known {
		return entry.Unknown("key", keysOf(p))
	}
	columns, err := entry.Entries()
	if err != nil {
		return err
	}
	for _, column := range columns {
		if !slices.Contains(importer.SessionColumns(), column.Key) {
			return column.Unknown("column", importer.SessionColumns())
		}
		if table[column.Key], err = column.Text(); err != nil {
			return err
		}
	}
	return nil
}

// check looks at values that are not any text, so that the error has their place.
func (p *Preset) check(entry handwritten.Entry, text string) (err error) {
	switch entry.Key {
	case "format":
		_, err = importer.ParseFormat(text)
	case "encoding":
		_, err = importer.ParseEncoding(text)
	case "started_format":
		_, err = importer.ParseStartFormat(text)
	case "time_zone":
		_, err = time.LoadLocation(text)
	case "seen":
		_, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return entry.Errorf("%s: %v", entry.Key, err)
	}
	return nil
}
